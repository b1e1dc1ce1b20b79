"""`python -m benchmarks.sustained`: ten thousand coins with a price every second; into README.md beside this file.

Servers and data live below COINLOOM_HOME/bench while it runs; nothing of them is left.
"""

from pathlib import Path
from typing import Annotated

import typer

from benchmarks import sustained_tables
from benchmarks.reporting import README, console, reporting
from benchmarks.sustained_run import Load, Sustained, sustain
from coinloom.progress import Steps
from coinloom.settings import Target

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
PART = "sustained"


@app.command()
def main(
    *,
    coins: Annotated[int, typer.Option(min=1, help="Each has a new price every second.")] = 10_000,
    minutes: Annotated[float, typer.Option(min=0.5, help="For how long prices come.")] = 10,
    target: Annotated[list[Target] | None, typer.Option(help="Only this target; may be repeated.")] = None,
    readme: Annotated[Path, typer.Option(help="The file with the markers that the results go between.")] = README,
) -> None:
    """Send more than one machine's market to the whole stack, and tell whether it keeps up and what it costs."""
    results: list[Sustained] = []
    with reporting(PART, readme, lambda: sustained_tables.tables(results)) as publish:
        for one in target or Target:
            results.append(sustain(Load(one, coins, round(minutes * 60)), Steps(console)))
            publish()


if __name__ == "__main__":
    app()
