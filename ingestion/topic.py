"""Reads the topic back: how far it reaches, and what is on it."""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, Protocol

from kafka import KafkaConsumer, TopicPartition
from kafka.errors import KafkaError, KafkaTimeoutError

from coinloom.settings import Settings
from ingestion.clients import opened
from ingestion.exceptions import BrokerRefused, BrokerUnavailable
from ingestion.messages import Message
from stores.kafka import client_options
from stores.kafka_obstacle import kafka_obstacle

POLL_TIMEOUT_MS = 1_000
PATIENCE_SECONDS = 5


class Topic(Protocol):
    """The part of a topic that a restart needs."""

    name: str

    def ends(self) -> dict[int, int]: ...

    def messages(self, since: Mapping[int, int], until: Mapping[int, int]) -> Iterable[Message]: ...


class KafkaTopic:
    """The topic of the settings, through one consumer without a group.

    Each question raises KafkaTimeoutError when the broker has been silent for so long.
    """

    def __init__(self, consumer: KafkaConsumer, name: str, patience_seconds: float) -> None:
        self.name = name
        self._consumer = consumer
        self._patience_seconds = patience_seconds
        self._patience_ms = round(patience_seconds * 1000)

    def ends(self) -> dict[int, int]:
        """By partition, the offset that its next message will have."""
        return self._offsets(self._consumer.end_offsets)

    def begins(self) -> dict[int, int]:
        """By partition, the offset of the first message that is still there."""
        return self._offsets(self._consumer.beginning_offsets)

    def messages(self, since: Mapping[int, int], until: Mapping[int, int]) -> Iterator[Message]:
        """All messages from `since`, or from the first that is still there, and before `until`."""
        return map(_message, self.records(since, until))

    def records(self, since: Mapping[int, int], until: Mapping[int, int]) -> Iterator[Any]:
        """The same as kafka-python's records, which know their partition and offset, too.

        Raises KafkaTimeoutError when nothing has come for too long: a broker that died says no more.
        """
        partitions = {TopicPartition(self.name, partition): offset for partition, offset in until.items()}
        self._consumer.assign(list(partitions))
        firsts = self._consumer.beginning_offsets(list(partitions), self._patience_ms)
        for partition, end in partitions.items():
            self._consumer.seek(partition, min(end, max(firsts[partition], since.get(partition.partition, 0))))
        heard_at = time.monotonic()
        while any(self._position(partition) < end for partition, end in partitions.items()):
            for records in self._consumer.poll(timeout_ms=POLL_TIMEOUT_MS).values():
                yield from records
                heard_at = time.monotonic()
            if time.monotonic() - heard_at > self._patience_seconds:
                raise KafkaTimeoutError(f"no message within {self._patience_seconds:g} s, and there are some")

    def oldest(self, since: Mapping[int, int]) -> datetime | None:
        """When the oldest of the messages from `since` on was produced; None if there is none."""
        moments = [
            self._produced_at(TopicPartition(self.name, partition), since.get(partition, 0))
            for partition, end in self.ends().items()
            if since.get(partition, 0) < end
        ]
        return min(moments, default=None)

    def _produced_at(self, partition: TopicPartition, offset: int) -> datetime:
        self._consumer.assign([partition])
        first = self._consumer.beginning_offsets([partition], self._patience_ms)[partition]
        self._consumer.seek(partition, max(first, offset))
        for _ in range(PATIENCE_SECONDS):
            for records in self._consumer.poll(timeout_ms=POLL_TIMEOUT_MS, max_records=1).values():
                return datetime.fromtimestamp(records[0].timestamp / 1000, UTC)
        raise KafkaTimeoutError(f"no message of partition {partition.partition} within {PATIENCE_SECONDS} s")

    def _position(self, partition: TopicPartition) -> int:
        """0 if the broker has not said it in time: then there may be more."""
        return self._consumer.position(partition, POLL_TIMEOUT_MS) or 0

    def _offsets(self, ask: Callable[[list[TopicPartition], int], dict[TopicPartition, int]]) -> dict[int, int]:
        partitions = self._consumer.partitions_for_topic(self.name) or set()
        found = ask([TopicPartition(self.name, partition) for partition in partitions], self._patience_ms)
        return {partition.partition: offset for partition, offset in found.items()}


@contextmanager
def open_topic(settings: Settings, patience_seconds: float = 30) -> Iterator[KafkaTopic]:
    """Raises BrokerUnavailable, when no broker has answered for so long, now or later, or BrokerRefused.

    BrokerRefused is for a broker that lets nobody in.
    """
    try:
        consumer = opened(
            KafkaConsumer,
            **client_options(settings),
            bootstrap_timeout_ms=round(patience_seconds * 1000),
            auto_offset_reset="earliest",
        )
        try:
            yield KafkaTopic(consumer, settings.kafka_topic, patience_seconds)
        finally:
            consumer.close()
    except KafkaError as error:
        if reason := kafka_obstacle(settings):
            raise BrokerRefused(reason) from error
        what = f"the topic {settings.kafka_topic} cannot be read ({error!r})"
        raise BrokerUnavailable(f"{what}; check the broker at KAFKA_BOOTSTRAP_SERVERS") from error


def topic_ends(settings: Settings) -> dict[int, int]:
    """By partition, how many messages were ever written. For people who wait: raises BrokerUnavailable soon."""
    with open_topic(settings, PATIENCE_SECONDS) as topic:
        return topic.ends()


def waiting_since(settings: Settings, since: Mapping[int, int]) -> datetime | None:
    """When the oldest message from these offsets on was produced. Raises BrokerUnavailable, as soon as `topic_ends`."""
    with open_topic(settings, PATIENCE_SECONDS) as topic:
        return topic.oldest(since)


def _message(record: Any) -> Message:
    return Message(record.key or b"", record.value or b"", list(record.headers))
