"""`python -m benchmarks.year`: what a year of small files costs, and what compaction gains; into README.md beside it.

Servers and data live below COINLOOM_HOME/bench while it runs; nothing of them is left.
"""

from pathlib import Path
from typing import Annotated

import typer

from benchmarks import year_tables
from benchmarks.reporting import README, console, reporting
from benchmarks.year_run import Results, Sizes, measure_year
from coinloom.progress import Steps

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
PART = "year"


@app.command()
def main(
    *,
    days: Annotated[float, typer.Option(min=1, help="Length of the history; each poll of it is a file.")] = 365,
    coins: Annotated[int, typer.Option(min=5, help="Coins of each poll, a poll every 30 s.")] = 100,
    repetitions: Annotated[int, typer.Option(min=1, help="Builds after one more poll, before and after.")] = 3,
    builds: Annotated[bool, typer.Option(help="Without, only landing and compaction are measured.")] = True,
    readme: Annotated[Path, typer.Option(help="The file with the markers that the results go between.")] = README,
) -> None:
    """Land a file for each poll of a year; build on it, compact it, and build on it again."""
    results = Results()
    with reporting(PART, readme, lambda: year_tables.tables(results)) as publish:
        for _ in measure_year(Sizes(days, coins, repetitions, builds), results, Steps(console)):
            publish()


if __name__ == "__main__":
    app()
