"""A real stream beside a test: messages onto its topic, the running job, and what it left in each sink."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pyarrow.parquet

from coinloom.processes import environment, executable
from coinloom.settings import Settings
from ingestion.messages import Message, Source, message_headers
from ingestion.producer import open_producer
from stores.database import connect

Place = tuple[int, int]
Row = dict[str, Any]

HEADERS = message_headers(uuid4(), Source.LIVE)
PRICE = '{{"coin_id":"bitcoin","vs_currency":"usd","price":{0},"last_updated_at":"2026-11-22T10:00:{0:02}.000Z"}}'
# Each sink has batches of its own.
OF_THE_BATCH = ("landed_at", "landed_hour")


def prices(*numbers: int) -> list[Message]:
    return [Message(b"bitcoin", PRICE.format(number).encode(), HEADERS) for number in numbers]


def send(settings: Settings, messages: Sequence[Message]) -> dict[Place, Message]:
    """The messages by the places that Kafka confirmed."""
    with open_producer(settings, delivery_timeout_seconds=60) as producer:
        topic = settings.kafka_topic
        sent = [producer.send(topic, value=each.value, key=each.key, headers=each.headers) for each in messages]
        producer.flush(90)
        places = [(metadata.partition, metadata.offset) for metadata in (future.get(1) for future in sent)]
    return dict(zip(places, messages, strict=True))


@contextmanager
def running_stream(settings: Settings, log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """The job as `coinloom stream` starts it, until the block ends."""
    command = [executable("coinloom"), "stream"]
    with log.open("ab") as output:
        process = subprocess.Popen(
            command, env=environment(settings), stdout=output, stderr=output, start_new_session=True
        )
    try:
        yield process
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        process.wait(60)


def in_files(settings: Settings, table: str) -> list[Row]:
    """The rows of `landing` or `quarantine` in the lake, as pyarrow reads each file."""
    files = sorted(Path(settings.lake, table, "crypto_prices").rglob("*.parquet"))
    tables = (pyarrow.parquet.ParquetFile(file).read() for file in files)
    return [{name: _plain(value) for name, value in row.items()} for table in tables for row in table.to_pylist()]


def landed(settings: Settings) -> list[int]:
    rows = [*in_files(settings, "landing"), *in_files(settings, "quarantine")]
    return sorted(row["kafka_offset"] for row in rows)


def in_postgres(settings: Settings, table: str) -> list[Row]:
    with connect(settings) as connection, connection.cursor(row_factory=psycopg.rows.dict_row) as cursor:
        return cursor.execute(f"select * from {table}.crypto_prices").fetchall()  # noqa: S608 names of ours


def by_place(rows: Sequence[Row]) -> dict[Place, Row]:
    """Each row at its place, where it is alone, without the columns that differ from sink to sink."""
    found = {
        (row["kafka_partition"], row["kafka_offset"]): {
            name: value for name, value in row.items() if name not in OF_THE_BATCH
        }
        for row in rows
    }
    assert len(found) == len(rows)
    return found


def wait_for(condition: Callable[[], bool], seconds: float, process: subprocess.Popen[bytes]) -> None:
    """Until it is so, while the job lives."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert process.poll() is None, "the job has ended"
        assert time.monotonic() < deadline, f"not within {seconds} s"
        time.sleep(0.2)


def _plain(value: Any) -> Any:
    """PostgreSQL's timestamps have no zone."""
    return value.replace(tzinfo=None) if hasattr(value, "tzinfo") else value
