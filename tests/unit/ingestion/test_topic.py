"""Readers of the topic, and others that connect, where no broker answers, or none answers any more."""

import gc
import logging
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from kafka import TopicPartition
from kafka.errors import KafkaTimeoutError

from coinloom.settings import Settings
from ingestion.exceptions import BrokerUnavailable
from ingestion.producer import ensure_topic
from ingestion.topic import KafkaTopic, open_topic

NOBODY = Settings(_env_file=None, kafka_bootstrap_servers="127.0.0.1:1")


def look() -> None:
    with open_topic(NOBODY, patience_seconds=0.2) as topic:
        topic.ends()


def create() -> None:
    ensure_topic(NOBODY, sleep=lambda _seconds: None, wait_seconds=0)


@pytest.mark.parametrize(("connect", "times"), [(look, 3), (create, 1)])
def test_nothing_is_left_of_a_client_that_found_no_broker(
    connect: Callable[[], None], times: int, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.CRITICAL, "kafka")  # what is captured has errors, and their tracebacks have sockets
    for thread in clients():  # of another test in this process; they end by themselves
        thread.join(30)
    before = descriptors()
    for _ in range(times):
        with pytest.raises(BrokerUnavailable, match="KAFKA_BOOTSTRAP_SERVERS"):
            connect()
    assert clients() == []
    assert descriptors() <= before  # another test may have left one that is closed meanwhile


def clients() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name.startswith("kafka-io-")]


def descriptors() -> int:
    gc.collect()
    return len(list(Path("/proc/self/fd").iterdir()))


class SilentConsumer:
    """Of a broker that died after it had said where the topic begins, or, asked where it ends, before."""

    def __init__(self) -> None:
        self.waited_ms: list[int] = []

    def partitions_for_topic(self, _name: str) -> set[int]:
        return {0}

    def end_offsets(self, _partitions: list[TopicPartition], timeout_ms: int) -> dict[TopicPartition, int]:
        self.waited_ms.append(timeout_ms)
        raise KafkaTimeoutError

    def assign(self, partitions: list[TopicPartition]) -> None:
        """Takes any."""

    def beginning_offsets(self, partitions: list[TopicPartition], timeout_ms: int) -> dict[TopicPartition, int]:
        self.waited_ms.append(timeout_ms)
        return dict.fromkeys(partitions, 0)

    def seek(self, partition: TopicPartition, offset: int) -> None:
        """Stays where it is."""

    def position(self, _partition: TopicPartition, _timeout_ms: int) -> None:
        """Not known."""

    def poll(self, **_options: int) -> dict[TopicPartition, list[object]]:
        return {}


def test_a_reader_does_not_wait_for_ever_for_a_broker_that_died() -> None:
    consumer = SilentConsumer()
    topic = KafkaTopic(consumer, "prices", patience_seconds=0.05)
    with pytest.raises(KafkaTimeoutError, match=r"no message within 0\.05 s"):
        list(topic.messages({}, {0: 7}))
    assert topic.begins() == {0: 0}
    with pytest.raises(KafkaTimeoutError):
        topic.ends()
    assert consumer.waited_ms == [50] * 3
