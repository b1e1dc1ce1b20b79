"""What a benchmark of one part of README.md does around its measuring."""

import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import typer
from rich.console import Console
from rich.markup import escape

from benchmarks.machine import origin
from benchmarks.servers import own_bench_home
from benchmarks.tables import Table, publish, require_markers
from coinloom.errors import CoinloomError

README = Path(__file__).with_name("README.md")
console = Console() if sys.stdout.isatty() else Console(width=160)


@contextmanager
def reporting(part: str, readme: Path, tables: Callable[[], Sequence[Table]]) -> Iterator[Callable[[], None]]:
    """Yields a function that writes the tables that there are so far; prints them at the end, however it comes."""
    command = f"bench-{part}"
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(f"{command} was asked to stop"))
    try:
        with own_bench_home():
            require_markers(readme, [part])
            yield lambda: publish(readme, part, tables(), origin(f"benchmarks.{part}"))
    except CoinloomError as error:
        Console(stderr=True).print(f"[red]{command}:[/red] {escape(str(error))}")
        raise typer.Exit(1) from None
    finally:
        for table in tables():
            console.print(table.rich())
