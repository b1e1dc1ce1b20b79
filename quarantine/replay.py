"""Sends quarantined messages to the topic again, after what they were rejected for was fixed.

Each goes out as it came in, with one header more, `replayed-from`, that names its place in Kafka. A message that is
still bad lands in quarantine again, with the place that it has now.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from ingestion.messages import Message
from ingestion.sender import LAST_FLUSH_SECONDS, Sender
from quarantine.replay_log import Page, ReplayLog

REPLAYED_FROM = "replayed-from"

# What kafka-python takes, 1 MiB, less what it puts around a record. A message that came in at the very limit has no
# room for one more header.
MAX_BYTES = 1_048_576 - 200


@dataclass(frozen=True, slots=True)
class QuarantinedMessage:
    """One row of quarantine. A header that was missing, or that was not UTF-8, is None."""

    topic: str
    partition: int
    offset: int
    produced_at: datetime
    raw_key: bytes | None
    raw_value: bytes | None
    schema_version: str | None
    source: str | None
    poll_id: str | None

    @property
    def place(self) -> str:
        return f"{self.topic}/{self.partition}/{self.offset}"

    def again(self) -> Message:
        """The message with its key, value and headers as they were, and where it comes from."""
        headers = {"schema-version": self.schema_version, "poll-id": self.poll_id, "source": self.source}
        present = [(name, text.encode()) for name, text in headers.items() if text is not None]
        return Message(self.raw_key, self.raw_value, [*present, (REPLAYED_FROM, self.place.encode())])


@dataclass(slots=True)
class ReplaySummary:
    """What a replay did. Left out is what no producer can send: neither key nor value, or too large."""

    sent: int = 0
    sent_before: int = 0
    left_out: int = 0


def replay(batches: Iterable[list[QuarantinedMessage]], sender: Sender, book: ReplayLog) -> ReplaySummary:
    """Sends what the book does not hold yet, a batch at a time; the book holds it once Kafka has confirmed it.

    A crash between the two sends one batch again at the next replay: its rows have the same keys, so no mart changes.

    Raises a BrokerError for Kafka, ReplaysNotKept for the book. After either, replay again.
    """
    summary = ReplaySummary()
    for batch in batches:
        with book.page() as page:
            for message in batch:
                _send(message, sender, page, summary)
            sender.flush(LAST_FLUSH_SECONDS)
    return summary


def _send(message: QuarantinedMessage, sender: Sender, page: Page, summary: ReplaySummary) -> None:
    again = message.again()
    if not _can_be_sent(again):
        summary.left_out += 1
    elif page.add(message.topic, message.partition, message.offset, message.produced_at):
        sender.send(again)
        summary.sent += 1
    else:
        summary.sent_before += 1


def _can_be_sent(message: Message) -> bool:
    contents = [message.key, message.value, *(part for header in message.headers for part in header)]
    size = sum(len(content) for content in contents if content is not None)
    return size <= MAX_BYTES and not (message.key is None and message.value is None)
