"""What reading the quarantine of either sink gives. No Spark, and bounded memory."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import chain
from operator import attrgetter
from typing import Protocol

from coinloom.errors import CoinloomError
from coinloom.settings import Sink
from ingestion.messages import Message

REPLAYED_FROM = "replayed-from"

# Of one row, in the order of QuarantinedMessage; the first three name its place in Kafka.
PLACE = ["kafka_topic", "kafka_partition", "kafka_offset"]
MESSAGE = [*PLACE, "produced_at", "raw_key", "raw_value", "schema_version", "source", "poll_id"]

# A message has up to 1 MB, and a batch of them is in memory at once.
MESSAGES_PER_BATCH = 256


class QuarantineUnreadable(CoinloomError):
    """The files of the quarantine could not be read to their end."""


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


@dataclass(frozen=True, slots=True)
class ReasonCount:
    """How many messages a sink holds in quarantine for one reason.

    The times are UTC, with zone. The sample is the place in Kafka, topic/partition/offset, of one of the newest.
    """

    sink: Sink
    reason: str
    messages: int
    first_landed_at: datetime
    last_landed_at: datetime
    sample: str


ByHour = Mapping[str, list[ReasonCount]]


class Quarantine(Protocol):
    """The quarantine of one sink. `since_hour` is the first `landed_hour` to read, as 2026-11-22T10; "" is all."""

    def hours(self) -> list[str]:
        """Each `landed_hour` that there is, in their order."""
        ...

    def count_by_hour(self, hours: Sequence[str]) -> ByHour:
        """Of each of these hours, one entry per reason."""
        ...

    def batches(self, reasons: Collection[str], since_hour: str) -> Iterator[list[QuarantinedMessage]]:
        """The messages with one of these reasons, all if none is given: those that were there at the beginning."""
        ...

    def count(self, since_hour: str = "") -> list[ReasonCount]:
        """One entry per reason, in their order."""
        by_hour = self.count_by_hour([hour for hour in self.hours() if hour >= since_hour])
        return together(chain.from_iterable(by_hour.values()))


def together(counts: Iterable[ReasonCount]) -> list[ReasonCount]:
    """Those of one sink: one entry per reason, in their order."""
    of_reason: dict[str, list[ReasonCount]] = defaultdict(list)
    for count in counts:
        of_reason[count.reason].append(count)
    return [_sum(of_reason[reason]) for reason in sorted(of_reason)]


def _sum(counts: Sequence[ReasonCount]) -> ReasonCount:
    return replace(
        max(counts, key=attrgetter("last_landed_at")),
        messages=sum(count.messages for count in counts),
        first_landed_at=min(count.first_landed_at for count in counts),
    )
