"""Carries messages from the outbox to Kafka, in order, and takes out of the outbox what Kafka has confirmed."""

import logging
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress

from kafka.errors import KafkaError, KafkaTimeoutError, MessageSizeTooLargeError, RecordListTooLargeError
from kafka.future import Future

from ingestion.exceptions import DeliveryFailed, NotAcknowledged, OutboxUnusable
from ingestion.messages import Message
from ingestion.polling.outbox import Kept, Offsets, Outbox
from ingestion.sender import Acknowledgement, Producer

MAX_UNDER_WAY = 10_000  # in memory, about 1 kB each; the others wait on disk
TOO_LARGE = (MessageSizeTooLargeError, RecordListTooLargeError)

log = logging.getLogger(__name__)


class Relay:
    """Sends to one topic. After DeliveryFailed only a new one, behind a new producer, may go on.

    After what was confirmed could not be taken out of the outbox it sends nothing more: a restart looks on the topic
    for as many of the outbox as can be under way, and would send again what came after them.
    """

    def __init__(
        self,
        outbox: Outbox,
        producer: Producer,
        topic: str,
        *,
        max_under_way: int = MAX_UNDER_WAY,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._outbox = outbox
        self._producer = producer
        self._topic = topic
        self._max_under_way = max_under_way
        self._monotonic = monotonic
        self._under_way: deque[tuple[Kept, Acknowledgement]] = deque()
        self._last_sent = 0
        self._not_noted: OutboxUnusable | None = None

    def deliver(self, timeout_seconds: float) -> None:
        """Returns when Kafka has confirmed all that the outbox holds.

        Raises:
            NotAcknowledged: the time is up; nothing is lost, and the next call goes on.
            DeliveryFailed: Kafka refuses what it is sent, and will again.
            OutboxUnusable: from then on at each call, before anything is sent.
        """
        if self._not_noted:
            raise self._not_noted
        deadline = self._monotonic() + timeout_seconds
        while self._send_more():
            with suppress(KafkaError):  # what did not arrive is still under way
                self._producer.flush(max(0.0, deadline - self._monotonic()))
            self._settle()
            if self._monotonic() >= deadline and (waiting := len(self._outbox)):
                what = f"Kafka has not confirmed {waiting:,} messages for the topic {self._topic}"
                raise NotAcknowledged(f"{what}, which wait on disk; is the broker at KAFKA_BOOTSTRAP_SERVERS up?")

    def _send_more(self) -> bool:
        """Whether there is anything that Kafka has not confirmed yet."""
        for kept in self._outbox.after(self._last_sent, self._max_under_way - len(self._under_way)):
            try:
                self._under_way.append((kept, self._send(kept.message)))
            except KafkaTimeoutError:  # no broker has said where the topic is
                return True
            self._last_sent = kept.id
        return bool(self._under_way)

    def _send(self, message: Message) -> Acknowledgement:
        try:
            return self._producer.send(self._topic, message.value, message.key, message.headers)
        except KafkaTimeoutError:
            raise
        except KafkaError as error:
            refused: Acknowledgement = Future().failure(error)  # settled in its turn, as if the broker had refused it
            return refused

    def _settle(self) -> None:
        """Confirm the messages before the first one that is still open, which is all of them as a rule."""
        settled, offsets = 0, {}
        try:
            while self._under_way and self._under_way[0][1].is_done:
                kept, sent = self._under_way[0]
                self._check(kept, sent.exception)
                if sent.value is not None and sent.value.offset >= 0:
                    offsets[sent.value.partition] = sent.value.offset + 1
                settled = kept.id
                self._under_way.popleft()
        finally:
            if settled:
                self._confirm(settled, offsets)

    def _confirm(self, until_id: int, offsets: Offsets) -> None:
        try:
            self._outbox.confirm(until_id, self._topic, offsets)
        except OutboxUnusable as error:
            self._not_noted = error
            raise

    def _check(self, kept: Kept, error: BaseException | None) -> None:
        if error is None:
            return
        if not isinstance(error, TOO_LARGE):
            advice = "check the broker at KAFKA_BOOTSTRAP_SERVERS; they wait on disk for the next start"
            raise DeliveryFailed(f"Kafka does not take messages for the topic {self._topic} ({error!r}); {advice}")
        size, coin = len(kept.message.value or b""), (kept.message.key or b"")[:80]
        log.error("a message of %d bytes for %r is left out: Kafka takes none so large (%s)", size, coin, error)
