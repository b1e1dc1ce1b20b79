"""`python -m benchmarks.sustained`: ten thousand coins with a price every second; into README.md beside this file.

Servers and data live below COINLOOM_HOME/bench while it runs; nothing of them is left.
"""

import signal
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from benchmarks import sustained_tables
from benchmarks.machine import origin
from benchmarks.servers import removing_bench_home
from benchmarks.sustained_run import Load, Sustained, sustain
from benchmarks.tables import publish, require_markers
from coinloom.errors import CoinloomError
from coinloom.progress import Steps
from coinloom.settings import Target

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
README = Path(__file__).with_name("README.md")
PART = "sustained"
console = Console() if sys.stdout.isatty() else Console(width=160)


@app.command()
def main(
    *,
    coins: Annotated[int, typer.Option(min=1, help="Each has a new price every second.")] = 10_000,
    minutes: Annotated[float, typer.Option(min=0.5, help="For how long prices come.")] = 10,
    target: Annotated[list[Target] | None, typer.Option(help="Only this target; may be repeated.")] = None,
    readme: Annotated[Path, typer.Option(help="The file with the markers that the results go between.")] = README,
) -> None:
    """Send more than one machine's market to the whole stack, and tell whether it keeps up and what it costs."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("bench-sustained was asked to stop"))
    results: list[Sustained] = []
    with removing_bench_home():
        try:
            require_markers(readme, [PART])
            for one in target or Target:
                results.append(sustain(Load(one, coins, round(minutes * 60)), Steps(console)))
                publish(readme, PART, sustained_tables.tables(results), origin("benchmarks.sustained"))
        except CoinloomError as error:
            Console(stderr=True).print(f"[red]bench-sustained:[/red] {escape(str(error))}")
            raise typer.Exit(1) from None
        finally:
            for table in sustained_tables.tables(results):
                console.print(table.rich())


if __name__ == "__main__":
    app()
