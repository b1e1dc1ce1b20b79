"""Kafka's own id of the topic: a topic that is made anew under its name has another one."""

from kafka import KafkaAdminClient

from coinloom.settings import Settings
from ingestion.clients import opened
from stores.kafka import client_options


def topic_id(settings: Settings) -> str:
    """Empty if the broker tells none, as those before Kafka 2.8. Raises KafkaError."""
    with opened(KafkaAdminClient, **client_options(settings)) as admin:
        [topic] = admin.describe_topics([settings.kafka_topic])
    return topic.get("topic_id") or ""
