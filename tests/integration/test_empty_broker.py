"""A broker that comes back with an empty disk: what was landed stays, what waits in the outbox is sent, once."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from coinloom.settings import ServerName, Settings, Sink
from ingestion.polling.outbox import open_outbox
from ingestion.polling.recovery import forget_delivered
from ingestion.polling.relay import Relay
from ingestion.producer import ensure_topic, open_producer
from ingestion.topic import open_topic
from stack.isolation import isolated_settings
from stack.lifecycle import running_servers
from tests.integration.streams import in_files, landed, prices, send
from tests.integration.warm_stream import WarmStream

pytestmark = pytest.mark.long


@pytest.fixture
def settings(tmp_path: Path) -> Iterator[Settings]:
    sinks = [Sink.PARQUET]
    return isolated_settings(tmp_path / "home", landing_sinks=sinks, kafka_topic="before", kafka_topic_partitions=1)


@pytest.fixture
def stream(settings: Settings, tmp_path: Path) -> Iterator[WarmStream]:
    stream = WarmStream(settings, tmp_path / "stream.log")
    yield stream
    stream.stop()


def test_what_was_confirmed_and_landed_stays_and_the_rest_goes_on(settings: Settings, stream: WarmStream) -> None:
    with running_servers(settings, ServerName.KAFKA):
        ensure_topic(settings)
        with open_outbox(settings.outbox_file) as outbox, open_topic(settings) as topic:
            forget_delivered(outbox, topic)  # which notes how far the topic reaches
        send(settings, prices(0, 1, 2))
        stream.land(settings)
    with open_outbox(settings.outbox_file) as outbox:
        outbox.keep(prices(3, 4))  # polled while the broker was away
    shutil.rmtree(settings.coinloom_home / "kafka")

    with running_servers(settings, ServerName.KAFKA):
        ensure_topic(settings)
        with pytest.raises(AssertionError, match=r"AnotherTopic: .*the broker came back without its data"):
            stream.land(settings)
        # What the message says is to be done.
        renamed = settings.model_copy(update={"kafka_topic": "after"})
        shutil.rmtree(f"{settings.lake}/_checkpoints/parquet")
        ensure_topic(renamed)
        deliver(renamed)
        stream.land(renamed)
    assert landed(settings) == [0, 0, 1, 1, 2]
    values = [row["raw_value"] for row in in_files(settings, "quarantine")]  # they have no time of their fetch
    assert sorted(values) == [message.value for message in prices(0, 1, 2, 3, 4)]


def deliver(settings: Settings) -> None:
    """As the poller does when it starts."""
    with open_outbox(settings.outbox_file) as outbox, open_topic(settings) as topic:
        forget_delivered(outbox, topic)
        with open_producer(settings, delivery_timeout_seconds=60) as producer:
            Relay(outbox, producer, settings.kafka_topic).deliver(30)
        assert len(outbox) == 0
