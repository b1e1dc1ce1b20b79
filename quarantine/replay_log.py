"""Remembers which quarantined messages were sent again, in a SQLite file below COINLOOM_HOME."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from coinloom.clock import iso_milliseconds
from ingestion.exceptions import ReplaysNotKept
from stores.state_file import LOCK_SECONDS, open_book

# The time is part of the key because a topic that was deleted and made anew counts its offsets from 0 again.
SCHEMA = """
    create table if not exists replayed (
        kafka_topic text not null,
        kafka_partition integer not null,
        kafka_offset integer not null,
        produced_at text not null,
        primary key (kafka_topic, kafka_partition, kafka_offset, produced_at)
    ) without rowid
"""


@dataclass(frozen=True, slots=True)
class Page:
    """What one transaction writes."""

    connection: sqlite3.Connection

    def add(self, topic: str, partition: int, offset: int, produced_at: datetime) -> bool:
        """Note a message; False if it was there already."""
        row = (topic, partition, offset, iso_milliseconds(produced_at))
        return self.connection.execute("insert or ignore into replayed values (?, ?, ?, ?)", row).rowcount == 1


class ReplayLog:
    """One replay at a time may write in it, so two of them send nothing twice."""

    def __init__(self, path: Path, lock_seconds: float = LOCK_SECONDS) -> None:
        self._path = path
        self._lock_seconds = lock_seconds

    @contextmanager
    def page(self) -> Iterator[Page]:
        """Kept when the block ends well, forgotten when it raises. Raises ReplaysNotKept."""
        try:
            with open_book(self._path, SCHEMA, self._lock_seconds) as book:
                yield Page(book)
        except (sqlite3.Error, OSError) as error:
            advice = "wait for another replay to end, or make room and let us write there; then replay again"
            raise ReplaysNotKept(f"replays cannot be kept in {self._path} ({error}); {advice}") from error
