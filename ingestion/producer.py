"""The connection to Kafka: waits for a broker, sees to the topic and its retention, and opens a producer."""

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import lru_cache
from typing import Any

import tenacity
from kafka import KafkaAdminClient, KafkaProducer
from kafka.admin import ConfigResource, ConfigResourceType
from kafka.errors import KafkaError, KafkaTimeoutError, RetriableError, TopicAlreadyExistsError
from kafka.partitioner.default import DefaultPartitioner, murmur2

from coinloom.settings import Settings
from ingestion.clients import opened
from ingestion.exceptions import BrokerRefused, BrokerUnavailable
from stores.kafka import client_options
from stores.kafka_obstacle import kafka_obstacle

BROKER_WAIT_SECONDS = 120
BOOTSTRAP_TIMEOUT_MS = 5_000
METADATA_TIMEOUT_MS = 15_000  # the first message waits so long for a broker that says where it belongs
RECONNECT_BACKOFF_MAX_MS = 2_000  # a broker that comes back is noticed well within a poll
CLOSE_TIMEOUT_SECONDS = 1  # whoever sent has flushed already

# A batch leaves when it is full or this old: large enough for loads, and a poll is flushed at its end anyway.
LINGER_MS = 50
BATCH_BYTES = 524_288

# The broker removes whole segments of a partition, and begins a new one once a week unless it is told otherwise: a
# message of a quiet topic would be kept for twice as long as it should.
RETENTION, SEGMENT = "retention.ms", "segment.ms"
MILLISECONDS_PER_DAY = 86_400_000

log = logging.getLogger(__name__)


class RememberingPartitioner(DefaultPartitioner):  # type: ignore[misc]  # kafka-python has no types
    """Puts a coin where every Kafka client would put it, but hashes each coin only once: the hash is pure Python."""

    def __init__(self) -> None:
        self._hash = lru_cache(maxsize=65_536)(lambda key: murmur2(key) & 0x7FFFFFFF)

    def partition(self, topic: str, key: bytes | None, serialized_key: bytes | None, *rest: Any) -> int:
        """The arguments are kafka-python's; the last one is the cluster's metadata."""
        if serialized_key is None:  # only a replayed message may lack a key
            return int(super().partition(topic, key, serialized_key, *rest))
        cluster = rest[-1]
        return int(self._hash(serialized_key) % len(cluster.partitions_for_topic(topic)))


class QuietlyEndingProducer(KafkaProducer):  # type: ignore[misc]
    """The sender has named what the broker did not take; kafka-python would add a traceback when Python ends."""

    def __del__(self) -> None:
        with suppress(KafkaTimeoutError):
            super().__del__()


def ensure_topic(
    settings: Settings, *, sleep: Callable[[float], None] = time.sleep, wait_seconds: float = BROKER_WAIT_SECONDS
) -> None:
    """Creates the topic, with KAFKA_RETENTION_DAYS and the broker's default replication, if it is not there.

    Waits up to `wait_seconds` for a broker. Raises BrokerUnavailable or BrokerRefused.
    """
    _waiting(sleep, wait_seconds)(_create_topic, settings)


def apply_retention(settings: Settings) -> bool:
    """Give a topic that is there the KAFKA_RETENTION_DAYS of the settings; returns whether it had others.

    Raises BrokerUnavailable or BrokerRefused.
    """
    topic, wanted = settings.kafka_topic, _retention(settings)
    with _as_our_errors(settings), opened(KafkaAdminClient, **_connection(settings)) as admin:
        resource = ConfigResource(ConfigResourceType.TOPIC, topic, wanted)
        found = admin.describe_configs([resource], config_filter="all")["topic"][topic]
        if all(found[name]["value"] == value for name, value in wanted.items()):
            return False
        answer = admin.alter_configs([resource])
    if (result := answer["topic"][topic]) != "OK":
        settings_of_topic = ", ".join(f"{name}={value}" for name, value in wanted.items())
        raise BrokerRefused(f"Kafka does not let us change {topic} ({result}); set there {settings_of_topic}.")
    return True


@contextmanager
def open_producer(
    settings: Settings,
    *,
    delivery_timeout_seconds: int,
    sleep: Callable[[float], None] = time.sleep,
    wait_seconds: float = BROKER_WAIT_SECONDS,
) -> Iterator[KafkaProducer]:
    """A producer for the topic of `settings`, closed at the end; the caller flushes what it sent.

    Waits up to `wait_seconds` for a broker. A message that is not acknowledged within `delivery_timeout_seconds` fails.
    Raises BrokerUnavailable, or BrokerRefused when a broker answers but does not let us in.
    """
    ensure_topic(settings, sleep=sleep, wait_seconds=wait_seconds)
    producer = _waiting(sleep, wait_seconds)(_connect, settings, delivery_timeout_seconds)
    try:
        yield producer
    finally:
        with suppress(KafkaTimeoutError):
            producer.close(timeout=CLOSE_TIMEOUT_SECONDS)


def _create_topic(settings: Settings) -> None:
    topic, partitions = settings.kafka_topic, settings.kafka_topic_partitions
    with _as_our_errors(settings), opened(KafkaAdminClient, **_connection(settings)) as admin:
        if topic in admin.list_topics():
            return
        with suppress(TopicAlreadyExistsError):
            admin.create_topics({topic: {"num_partitions": partitions, "configs": _retention(settings)}})
            log.info("created the topic %s with %d partitions", topic, partitions)
        admin.wait_for_topics([topic])


def _retention(settings: Settings) -> dict[str, str]:
    """By name, what a topic needs for it."""
    days = settings.kafka_retention_days
    return {
        name: str(round(number * MILLISECONDS_PER_DAY)) for name, number in ((RETENTION, days), (SEGMENT, min(days, 1)))
    }


def _connect(settings: Settings, delivery_timeout_seconds: int) -> KafkaProducer:
    with _as_our_errors(settings):
        return opened(
            QuietlyEndingProducer,
            **_connection(settings),
            acks="all",
            enable_idempotence=True,
            partitioner=RememberingPartitioner(),
            linger_ms=LINGER_MS,
            batch_size=BATCH_BYTES,
            max_block_ms=METADATA_TIMEOUT_MS,
            reconnect_backoff_max_ms=RECONNECT_BACKOFF_MAX_MS,
            delivery_timeout_ms=delivery_timeout_seconds * 1000,
        )


def _connection(settings: Settings) -> dict[str, Any]:
    return client_options(settings) | {"bootstrap_timeout_ms": BOOTSTRAP_TIMEOUT_MS}


@contextmanager
def _as_our_errors(settings: Settings) -> Iterator[None]:
    servers = settings.kafka_bootstrap_servers
    try:
        yield
    except (RetriableError, OSError) as error:
        if reason := kafka_obstacle(settings):
            raise BrokerRefused(reason) from error
        what = f"no Kafka broker answers at {servers}"
        raise BrokerUnavailable(f"{what}; start it, or set KAFKA_BOOTSTRAP_SERVERS") from error
    except (KafkaError, ValueError) as error:
        advice = "check KAFKA_BOOTSTRAP_SERVERS and KAFKA_TOPIC"
        raise BrokerRefused(f"Kafka at {servers} cannot be used ({error}); {advice}") from error


def _waiting(sleep: Callable[[float], None], wait_seconds: float) -> tenacity.Retrying:
    return tenacity.Retrying(
        retry=tenacity.retry_if_exception_type(BrokerUnavailable),
        wait=tenacity.wait_exponential_jitter(initial=1, max=10, jitter=1),
        stop=tenacity.stop_after_delay(wait_seconds),
        before_sleep=_log_wait,
        sleep=sleep,
        reraise=True,
    )


def _log_wait(state: tenacity.RetryCallState) -> None:
    error = state.outcome.exception() if state.outcome else None
    log.warning("%s; trying again in %.0f s", error, state.upcoming_sleep)
