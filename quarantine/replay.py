"""Sends quarantined messages to the topic again, after what they were rejected for was fixed.

Each goes out as it came in, with one header more, `replayed-from`, that names its place in Kafka. A message that is
still bad lands in quarantine again, with the place that it has now.
"""

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from coinloom.clock import iso_milliseconds
from coinloom.errors import CoinloomError
from ingestion.messages import Message
from ingestion.sender import LAST_FLUSH_SECONDS, Sender
from quarantine.contents import QuarantinedMessage
from stores.state_file import LOCK_SECONDS, StateFile

# What kafka-python takes, 1 MiB, less what it puts around a record. A message that came in at the very limit has no
# room for one more header.
MAX_BYTES = 1_048_576 - 200

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
ADVICE = "wait for another replay to end, or make room and let us write there; then replay again"


class ReplaysNotKept(CoinloomError):
    """The file that remembers what was sent again cannot be used; what it does not hold will be sent once more."""


@dataclass(slots=True)
class ReplaySummary:
    """What a replay did. Left out is what no producer can send: neither key nor value, or too large."""

    sent: int = 0
    sent_before: int = 0
    left_out: int = 0


@dataclass(frozen=True, slots=True)
class LoggedReplays:
    """What is in the log, and what one transaction adds to it."""

    connection: sqlite3.Connection

    def add(self, message: QuarantinedMessage) -> bool:
        """Note a message; False if it was there already."""
        row = (message.topic, message.partition, message.offset, iso_milliseconds(message.produced_at))
        return self.connection.execute("insert or ignore into replayed values (?, ?, ?, ?)", row).rowcount == 1


class ReplayLog:
    """What was sent again, in a file. One replay at a time may write in it, so two of them send nothing twice."""

    def __init__(self, path: Path, lock_seconds: float = LOCK_SECONDS) -> None:
        self._file = StateFile(path, SCHEMA, "replays", ReplaysNotKept, ADVICE, lock_seconds)

    @contextmanager
    def transaction(self) -> Iterator[LoggedReplays]:
        """Kept when the block ends well, forgotten when it raises. Raises ReplaysNotKept."""
        with self._file.transaction() as connection:
            yield LoggedReplays(connection)


def replay(batches: Iterable[list[QuarantinedMessage]], sender: Sender, log: ReplayLog) -> ReplaySummary:
    """Sends what is not in the log yet, a batch at a time; it is in the log once Kafka has confirmed it.

    A crash between the two sends one batch again at the next replay: its rows have the same keys, so no mart changes.

    Raises a BrokerError for Kafka, ReplaysNotKept for the log. After either, replay again.
    """
    summary = ReplaySummary()
    for batch in batches:
        with log.transaction() as logged:
            for message in batch:
                _send(message, sender, logged, summary)
            sender.flush(LAST_FLUSH_SECONDS)
    return summary


def _send(message: QuarantinedMessage, sender: Sender, logged: LoggedReplays, summary: ReplaySummary) -> None:
    again = message.again()
    if not _can_be_sent(again):
        summary.left_out += 1
    elif logged.add(message):
        sender.send(again)
        summary.sent += 1
    else:
        summary.sent_before += 1


def _can_be_sent(message: Message) -> bool:
    contents = [message.key, message.value, *(part for header in message.headers for part in header)]
    size = sum(len(content) for content in contents if content is not None)
    return size <= MAX_BYTES and not (message.key is None and message.value is None)
