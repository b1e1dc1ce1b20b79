"""A producer without a broker: it keeps what was sent, and the test says what becomes of it."""

from collections.abc import Callable

from kafka.errors import KafkaTimeoutError

from ingestion.messages import Headers


class Sent:
    """A future that the test completes."""

    def __init__(self, topic: str, value: bytes, key: bytes, headers: Headers) -> None:
        self.topic, self.body, self.key, self.headers = topic, value, key, dict(headers)
        self.is_done = False
        self.exception: BaseException | None = None
        self.value: object = None

    def get(self, _timeout: float) -> None:
        self.is_done = True


class RecordingProducer:
    """Keeps what was sent; `on_flush` says what the broker does with it."""

    def __init__(self, on_flush: Callable[[list[Sent]], None] | None = None) -> None:
        self.sent: list[Sent] = []
        self.on_flush = on_flush or acknowledge

    def send(self, topic: str, value: bytes, key: bytes, headers: Headers) -> Sent:
        self.sent.append(Sent(topic, value, key, headers))
        return self.sent[-1]

    def flush(self, _timeout: float) -> None:
        self.on_flush(self.sent)


def acknowledge(sent: list[Sent]) -> None:
    for message in sent:
        message.is_done = True


def time_out(_sent: list[Sent]) -> None:
    raise KafkaTimeoutError
