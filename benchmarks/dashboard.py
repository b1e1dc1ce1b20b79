"""`python -m benchmarks.dashboard`: how soon a page is there over large marts; into README.md beside this file.

PostgreSQL and its data live below COINLOOM_HOME/bench while it runs; nothing of them is left.
"""

from pathlib import Path
from typing import Annotated

import typer

from benchmarks.dashboard_marts import Sizes, fill_marts
from benchmarks.dashboard_run import Seen, browser, count_questions, look_at_pages, served
from benchmarks.dashboard_tables import tables
from benchmarks.reporting import README, console, reporting
from benchmarks.servers import running, temporary_home
from coinloom.progress import Steps
from coinloom.settings import ServerName, Target
from ingestion.producer import ensure_topic

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
PART = "dashboard"
BROWSERS = (1, 20)


@app.command()
def main(
    *,
    coins: Annotated[int, typer.Option(min=100, help="How many there are.")] = 5_000,
    days_of_all: Annotated[int, typer.Option(min=1, help="Days of minutes of each coin.")] = 1,
    coins_with_more: Annotated[int, typer.Option(min=1, help="How many of the largest have more.")] = 100,
    days_of_some: Annotated[int, typer.Option(min=1, help="Days of minutes of these.")] = 30,
    repetitions: Annotated[int, typer.Option(min=2, help="How often each page is opened.")] = 40,
    readme: Annotated[Path, typer.Option(help="The file with the markers that the results go between.")] = README,
) -> None:
    """Fill the marts, open each page again and again, change the coin, and count the queries of 20 browsers."""
    sizes = Sizes(coins, days_of_all, coins_with_more, days_of_some)
    seen, steps = Seen(), Steps(console)
    with (
        reporting(PART, readme, lambda: tables(sizes, seen)) as publish,
        temporary_home(PART, dbt_target=Target.POSTGRES) as settings,
        running(settings, ServerName.KAFKA, ServerName.POSTGRES),
    ):
        ensure_topic(settings)  # the page of health asks for its end
        seen.rows = fill_marts(settings, sizes, steps)
        with served(settings) as url, browser(settings.coinloom_home / "chromium") as context:
            with steps.step(f"Look at each page {repetitions} times"):
                look_at_pages(context, url, coins, repetitions, seen)
            for browsers in BROWSERS:
                with steps.step(f"Count the queries of {browsers} browsers"):
                    count_questions(settings, context, url, browsers, seen)
        publish()


if __name__ == "__main__":
    app()
