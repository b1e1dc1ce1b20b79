"""`python -m benchmarks.build`: measure what the warehouse build costs, and write it into README.md beside this file.

Servers and data live below COINLOOM_HOME/bench while it runs; nothing of them is left.
"""

import signal
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from benchmarks.disk import require_disk
from benchmarks.machine import origin
from benchmarks.parts import Part, Sizes, measure
from benchmarks.servers import own_bench_home
from benchmarks.tables import Table, publish, require_markers
from coinloom.errors import CoinloomError
from coinloom.progress import Steps

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
README = Path(__file__).with_name("README.md")
console = Console() if sys.stdout.isatty() else Console(width=160)


@app.command()
def main(
    *,
    days: Annotated[float, typer.Option(help="Length of the long history.")] = 365,
    short_days: Annotated[float, typer.Option(help="Length of the short one that it is compared with.")] = 1,
    coins: Annotated[int, typer.Option(min=5, help="Coins of every history, each updated once a minute.")] = 100,
    bars: Annotated[int, typer.Option(help="Size of the full refresh.")] = 10_000_000,
    repetitions: Annotated[int, typer.Option(min=1, max=7, help="Builds measured on each history.")] = 5,
    warm_ups: Annotated[int, typer.Option(min=0, help="Builds before them that do not count.")] = 20,
    only: Annotated[list[Part] | None, typer.Option(help="Only this part; may be repeated.")] = None,
    readme: Annotated[Path, typer.Option(help="The file with the markers that the results go between.")] = README,
) -> None:
    """Measure the build: after one more poll, at the ends of a day, and as a full refresh on four engines."""
    sizes = Sizes(days, short_days, coins, bars, repetitions, warm_ups)
    parts = only or list(Part)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("bench-build was asked to stop"))
    failed = []
    try:
        with own_bench_home():
            require_markers(readme, parts)
            require_disk(sizes, parts, console)
            for part in parts:
                console.rule(part.value)
                if not _run(partial(measure, part, sizes, Steps(console)), part, readme):
                    failed.append(part.value)
    except CoinloomError as error:
        _say_failed("bench-build", error)
        raise typer.Exit(1) from None
    if failed:
        raise typer.Exit(1)


def _run(measured: Callable[[], Iterator[list[Table]]], part: Part, readme: Path) -> bool:
    """Measure one part and write each table as soon as it is there; a part that fails does not stop the next ones."""
    tables: list[Table] = []
    try:
        for tables in measured():
            publish(readme, part, tables, origin("benchmarks.build"))
    except CoinloomError as error:
        _say_failed(part, error)
        return False
    except Exception:  # an hour's worth of other parts must not be lost with it
        Console(stderr=True).print_exception()
        return False
    finally:
        for table in tables:
            console.print(table.rich())
    return True


def _say_failed(what: str, error: CoinloomError) -> None:
    Console(stderr=True).print(f"[red]{escape(what)}:[/red] {escape(str(error))}")


if __name__ == "__main__":
    app()
