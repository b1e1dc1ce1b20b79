"""Messages for the topic, sent faster than the poller can."""

from confluent_kafka import Producer

from coinloom.settings import Settings
from ingestion.messages import Message

PROGRESS_EVERY = 1_000  # messages; what has been confirmed is taken note of as often


class FastProducer:
    """confluent-kafka's, with the partitioner of every other client. It waits while its buffer is full."""

    def __init__(self, settings: Settings) -> None:
        self._topic = settings.kafka_topic
        self._producer = Producer(
            {
                "bootstrap.servers": settings.kafka_bootstrap_servers,
                "partitioner": "murmur2_random",
                "linger.ms": 50,
                "queue.buffering.max.messages": 500_000,
            }
        )
        self._sent = 0

    def send(self, message: Message) -> None:
        while True:
            try:
                self._producer.produce(self._topic, message.value, message.key, headers=message.headers)
                break
            except BufferError:
                self._producer.poll(0.1)
        self._sent += 1
        if self._sent % PROGRESS_EVERY == 0:
            self._producer.poll(0)

    def flush(self, timeout: float = -1) -> int:
        """Wait until all are confirmed; returns how many are not."""
        return self._producer.flush(timeout)
