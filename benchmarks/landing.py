"""`python -m benchmarks.landing`: how fast a full topic is landed; into README.md beside this file.

Servers and data live below COINLOOM_HOME/bench while it runs; nothing of them is left.
"""

from pathlib import Path
from typing import Annotated

import typer

from benchmarks import landing_tables
from benchmarks.landing_run import Landed, filled_topic, land_by_hand, land_in
from benchmarks.reporting import README, console, reporting
from coinloom.progress import Steps
from coinloom.settings import Sink

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
PART = "landing"
FEWEST = 1_500_000  # three batches, of which the first does not count


@app.command()
def main(
    *,
    messages: Annotated[int, typer.Option(min=FEWEST, help="How many the topic holds.")] = 3_000_000,
    repetitions: Annotated[int, typer.Option(min=1, help="How often each lands all of them, in turn.")] = 3,
    readme: Annotated[Path, typer.Option(help="The file with the markers that the results go between.")] = README,
) -> None:
    """Land one topic with the stream, as Parquet and in PostgreSQL, and with what a user might write by hand."""
    results: list[Landed] = []
    steps = Steps(console)
    with (
        reporting(PART, readme, lambda: landing_tables.tables(results, messages)) as publish,
        filled_topic(messages, steps) as settings,
    ):
        for repetition in range(1, repetitions + 1):
            with steps.step(f"Land by hand, {repetition} of {repetitions}"):
                results.append(land_by_hand(settings, messages))
            for sink in Sink:
                with steps.step(f"Land with the stream in {sink}, {repetition} of {repetitions}"):
                    results.append(land_in(sink, settings, messages))
            publish()


if __name__ == "__main__":
    app()
