"""One topic, landed by the stream in each sink, and by a process that a user might write instead."""

import json
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb

from benchmarks.landing_topic import fill_topic
from benchmarks.measuring import ITSELF, Measured, measure
from benchmarks.servers import running, temporary_home
from coinloom.errors import CoinloomError
from coinloom.processes import environment
from coinloom.progress import Steps
from coinloom.settings import REPOSITORY, ServerName, Settings, Sink
from commands.stream import stream_command
from stores.database import connect

BY_HAND = "by hand"
COUNTS = """
    with places as (
        select kafka_partition, kafka_offset from {landing} union all
        select kafka_partition, kafka_offset from {quarantine}
    )

    select count(*), count(distinct (kafka_partition, kafka_offset)) from places
"""
EMPTY_TABLES = "truncate landing.crypto_prices, quarantine.crypto_prices, landing.next_offsets"


class NotAllLanded(CoinloomError):
    """Not every message is there, once."""


@dataclass(frozen=True, slots=True)
class Landed:
    """What `who` took for the whole topic: messages a second, from the end of the first batch to that of the last for
    the stream, whose Java compiles until then; seconds of the whole command, its start included; its peak of memory."""

    who: str
    rate: float
    seconds: float
    peak_bytes: int


@contextmanager
def filled_topic(messages: int, steps: Steps) -> Iterator[Settings]:
    """A broker whose topic holds so many messages, and PostgreSQL."""
    with temporary_home("landing") as settings, running(settings, ServerName.KAFKA, ServerName.POSTGRES):
        with steps.step(f"Send {messages:,} messages"):
            fill_topic(settings, messages, lambda _: None)
        yield settings


def land_by_hand(settings: Settings, messages: int) -> Landed:
    """Raises:
    NotAllLanded: its files do not have every message.
    """
    folder = settings.coinloom_home / "by-hand"
    command = [sys.executable, "-P", "-m", "benchmarks.landing_by_hand", str(folder)]
    measured = _measure(settings, command, BY_HAND)
    seconds = float(_log(settings, BY_HAND).read_text().split()[-1])
    [(rows,)] = duckdb.sql(f"select count(*) from '{folder}/*.parquet'").fetchall()  # noqa: S608  the name is our own
    if rows != messages:
        raise NotAllLanded(f"{messages:,} messages were sent, the process written by hand has {rows:,} rows.")
    shutil.rmtree(folder)
    return Landed(BY_HAND, messages / seconds, measured.seconds, measured.peak_bytes[ITSELF])


def land_in(sink: Sink, settings: Settings, messages: int) -> Landed:
    """With `coinloom stream --available-now`, into an empty sink, which is empty again afterwards.

    Raises:
        NotAllLanded: the sink does not have every message.
    """
    ours = settings.model_copy(update={"landing_sinks": [sink]})
    measured = _measure(ours, stream_command(ours, available_now=True), sink)
    rows, places = _places(ours, sink)
    if not rows == places == messages:
        raise NotAllLanded(f"{messages:,} messages were sent, {sink} has {rows:,} rows of {places:,} of them.")
    rate = _rate(Path(ours.lake, "_checkpoints", sink), ours.kafka_topic)
    shutil.rmtree(ours.lake)
    with connect(ours) as connection:
        connection.execute(EMPTY_TABLES)
    return Landed(sink, rate, measured.seconds, measured.peak_bytes[ITSELF])


def _measure(settings: Settings, command: list[str], who: str) -> Measured:
    return measure(command, environment(settings), REPOSITORY, _log(settings, who))


def _log(settings: Settings, who: str) -> Path:
    return settings.coinloom_home / "logs" / f"landing-{who}.log"


def _rate(checkpoint: Path, topic: str) -> float:
    """Spark writes a file when it has planned a batch, with the offsets where it ends, and one when it is done."""
    batches = sorted(int(file.name) for file in (checkpoint / "commits").iterdir() if file.name.isdigit())
    ends, times = [], []
    for batch in (batches[0], batches[-1]):
        offsets = (checkpoint / "offsets" / str(batch)).read_text().splitlines()[-1]
        ends.append(sum(json.loads(offsets)[topic].values()))
        times.append((checkpoint / "commits" / str(batch)).stat().st_mtime)
    return (ends[1] - ends[0]) / (times[1] - times[0])


def _places(settings: Settings, sink: Sink) -> tuple[int, int]:
    """Rows in landing and quarantine, and at how many places of the topic they were."""
    if sink is Sink.POSTGRES:
        with connect(settings) as connection:
            found = connection.execute(
                COUNTS.format(landing="landing.crypto_prices", quarantine="quarantine.crypto_prices")
            )
            return found.fetchone()  # type: ignore[return-value]
    files = {schema: f"'{settings.lake}/{schema}/crypto_prices/*/*.parquet'" for schema in ("landing", "quarantine")}
    [counts] = duckdb.sql(COUNTS.format(**files)).fetchall()
    return counts
