"""Everything sent through a sender is either confirmed by Kafka or named as missing: nothing is lost in silence."""

import logging
from collections import deque
from contextlib import suppress
from typing import Any, Protocol

from kafka.errors import KafkaError, KafkaTimeoutError

from ingestion.exceptions import DeliveryFailed, NotAcknowledged
from ingestion.messages import Headers, Message

MAX_UNACKNOWLEDGED = 20_000
ROOM_WAIT_SECONDS = 1.0

# For what sends history and ends: after the last flush each message has arrived or failed.
DELIVERY_TIMEOUT_SECONDS = 120
LAST_FLUSH_SECONDS = 150.0

log = logging.getLogger(__name__)


class Acknowledgement(Protocol):
    """What the producer gives back for each message, as kafka-python's future does."""

    is_done: bool
    exception: BaseException | None
    value: Any  # with `partition` and `offset`, once it is done

    def get(self, timeout: float) -> Any: ...


class Producer(Protocol):
    """The part of kafka-python's producer that we use."""

    def send(self, topic: str, value: bytes | None, key: bytes | None, headers: Headers) -> Acknowledgement: ...

    def flush(self, timeout: float) -> None: ...


class Sender:
    """Sends messages to one topic and keeps count until each is acknowledged.

    At `max_unacknowledged` messages under way `send` waits, because kafka-python's own buffer has no limit.
    """

    def __init__(self, producer: Producer, topic: str, max_unacknowledged: int = MAX_UNACKNOWLEDGED) -> None:
        self._producer = producer
        self._topic = topic
        self._max_unacknowledged = max_unacknowledged
        self._under_way: deque[Acknowledgement] = deque()
        self._failures = 0
        self._first_failure: BaseException | None = None

    @property
    def unacknowledged(self) -> int:
        """Messages that are sent and not confirmed."""
        return len(self._under_way)

    def send(self, message: Message) -> None:
        """Hands the message to the producer. A failure shows at the next flush, or here when there is no more room.

        Raises DeliveryFailed.
        """
        if len(self._under_way) >= self._max_unacknowledged:
            self._make_room()
        try:
            sent = self._producer.send(self._topic, value=message.value, key=message.key, headers=message.headers)
        except KafkaTimeoutError as error:
            raise DeliveryFailed(f"Kafka does not know the topic {self._topic} ({error}); check KAFKA_TOPIC") from error
        except KafkaError as error:
            self._note(error)
        else:
            self._under_way.append(sent)

    def flush(self, timeout_seconds: float) -> None:
        """Returns when every message is acknowledged.

        Raises DeliveryFailed if any was refused for good, NotAcknowledged if the time is up: those are kept, and the
        next flush waits for them again.
        """
        with suppress(KafkaError):  # what did not arrive is counted below, message by message
            self._producer.flush(timeout_seconds)
        self._settle()
        self._raise_failures()
        if self._under_way:
            what = f"Kafka has not confirmed {self.unacknowledged} messages for topic {self._topic}"
            raise NotAcknowledged(f"{what}; is the broker at KAFKA_BOOTSTRAP_SERVERS up?")

    def _make_room(self) -> None:
        self._settle()
        while len(self._under_way) >= self._max_unacknowledged:
            self._raise_failures()
            with suppress(KafkaError):
                self._under_way[0].get(ROOM_WAIT_SECONDS)
            self._settle()

    def _settle(self) -> None:
        while self._under_way and self._under_way[0].is_done:
            if (error := self._under_way.popleft().exception) is not None:
                self._note(error)

    def _note(self, error: BaseException) -> None:
        self._failures += 1
        self._first_failure = self._first_failure or error

    def _raise_failures(self) -> None:
        if not self._failures:
            return
        message = f"{self._failures} messages did not reach the Kafka topic {self._topic}: {self._first_failure!r}"
        self._failures, self._first_failure = 0, None
        raise DeliveryFailed(f"{message}; check the broker at KAFKA_BOOTSTRAP_SERVERS, then send them again")
