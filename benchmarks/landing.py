"""`python -m benchmarks.landing`: how fast a full topic is landed; into README.md beside this file.

Servers and data live below COINLOOM_HOME/bench while it runs; nothing of them is left.
"""

import signal
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from benchmarks import landing_tables
from benchmarks.landing_run import Landed, filled_topic, land_by_hand, land_in
from benchmarks.machine import origin
from benchmarks.servers import removing_bench_home
from benchmarks.tables import publish, require_markers
from coinloom.errors import CoinloomError
from coinloom.progress import Steps
from coinloom.settings import Sink

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
README = Path(__file__).with_name("README.md")
PART = "landing"
FEWEST = 1_500_000  # three batches, of which the first does not count
console = Console() if sys.stdout.isatty() else Console(width=160)


@app.command()
def main(
    *,
    messages: Annotated[int, typer.Option(min=FEWEST, help="How many the topic holds.")] = 3_000_000,
    repetitions: Annotated[int, typer.Option(min=1, help="How often each lands all of them, in turn.")] = 3,
    readme: Annotated[Path, typer.Option(help="The file with the markers that the results go between.")] = README,
) -> None:
    """Land one topic with the stream, as Parquet and in PostgreSQL, and with what a user might write by hand."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("bench-landing was asked to stop"))
    results: list[Landed] = []
    steps = Steps(console)
    with removing_bench_home():
        try:
            require_markers(readme, [PART])
            with filled_topic(messages, steps) as settings:
                for repetition in range(1, repetitions + 1):
                    with steps.step(f"Land by hand, {repetition} of {repetitions}"):
                        results.append(land_by_hand(settings, messages))
                    for sink in Sink:
                        with steps.step(f"Land with the stream in {sink}, {repetition} of {repetitions}"):
                            results.append(land_in(sink, settings, messages))
                    publish(readme, PART, landing_tables.tables(results, messages), origin("benchmarks.landing"))
        except CoinloomError as error:
            Console(stderr=True).print(f"[red]bench-landing:[/red] {escape(str(error))}")
            raise typer.Exit(1) from None
        finally:
            for table in landing_tables.tables(results, messages):
                console.print(table.rich())


if __name__ == "__main__":
    app()
