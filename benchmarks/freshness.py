"""`python -m benchmarks.freshness`: how old is a price when a reader of the marts sees it; into README.md beside this.

Servers and data live below COINLOOM_HOME/bench while it runs; nothing of them is left.
"""

from pathlib import Path
from typing import Annotated

import typer

from benchmarks import freshness_tables
from benchmarks.freshness_run import Freshness, Plan, measure_freshness
from benchmarks.reporting import README, console, reporting
from coinloom.progress import Steps
from coinloom.settings import Target

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
PART = "freshness"
POLL_INTERVALS = (30.0, 5.0)


@app.command()
def main(
    *,
    minutes: Annotated[float, typer.Option(min=0.5, help="How long each target is measured, with each interval.")] = 10,
    warm_up_minutes: Annotated[float, typer.Option(min=0, help="Before that, and not counted: Java compiles.")] = 5,
    target: Annotated[list[Target] | None, typer.Option(help="Only this target; may be repeated.")] = None,
    poll_interval: Annotated[
        list[float] | None, typer.Option(min=1, help="Only this many seconds between polls; may be repeated. [30, 5]")
    ] = None,
    readme: Annotated[Path, typer.Option(help="The file with the markers that the results go between.")] = README,
) -> None:
    """Start what `make up ARGS=--simulate` starts, ask the marts twice a second, and tell how old prices are."""
    plans = [
        Plan(one, interval, warm_up_minutes * 60, minutes * 60)
        for interval in poll_interval or POLL_INTERVALS
        for one in target or Target
    ]
    results: list[Freshness] = []
    with reporting(PART, readme, lambda: freshness_tables.tables(results)) as publish:
        for plan in plans:
            results.append(measure_freshness(plan, Steps(console)))
            publish()


if __name__ == "__main__":
    app()
