"""A sink that was away for longer than the topic keeps messages; a broker or a PostgreSQL that lost what it had."""

import shutil
import time
from pathlib import Path
from uuid import uuid4

import pytest
from kafka import KafkaAdminClient, TopicPartition
from kafka.errors import KafkaError

from coinloom.settings import Settings, Sink
from ingestion.producer import ensure_topic
from spark_streaming.lost_messages import AnotherTopic, MessagesLost, RowsLost, require_nothing_lost
from stores.database import connect
from stores.landing import LandedFromElsewhere
from tests.commands import run_command
from tests.integration.streams import in_postgres, landed, prices, send
from tests.integration.warm_stream import WarmStream
from tests.stacks import elsewhere


@pytest.fixture
def own(stack: Settings, tmp_path: Path) -> Settings:
    """A topic of one partition, landed in the lake alone."""
    name = f"lost_{uuid4().hex[:8]}"
    return elsewhere(stack, name, tmp_path, landing_sinks=[Sink.PARQUET], kafka_topic_partitions=1)


def test_what_is_gone_is_named_and_skipped_on_purpose_only(own: Settings, warm_stream: WarmStream) -> None:
    send(own, prices(0, 1))
    warm_stream.land(own)
    send(own, prices(2, 3, 4, 5))
    with KafkaAdminClient(bootstrap_servers=own.kafka_bootstrap_servers) as admin:
        admin.delete_records({TopicPartition(own.kafka_topic, 0): 5})
    with pytest.raises(
        MessagesLost, match=r"parquet: 3 messages .* \(partition 0: 3 from offset 2 to 4\)\..*--skip-lost"
    ):
        require_nothing_lost(own, Sink.PARQUET, skip=False)
    with pytest.raises(AssertionError, match="MessagesLost"):
        warm_stream.land(own)
    assert landed(own) == [0, 1]

    printed = run_command(own, "coinloom", "stream", "--available-now", "--skip-lost")
    assert "3 from offset 2 to 4" in printed
    assert landed(own) == [0, 1, 5]
    send(own, prices(6))
    warm_stream.land(own)
    assert landed(own) == [0, 1, 5, 6]


def test_a_topic_that_begins_anew_is_not_taken_for_the_old_one(own: Settings, warm_stream: WarmStream) -> None:
    send(own, prices(0, 1, 2))
    warm_stream.land(own)
    noted = Path(own.lake, "_checkpoints", "parquet", "topic_id")
    old_id = noted.read_text()
    delete_topic(own)
    send(own, prices(3))
    noted.unlink()  # as a checkpoint of an earlier release
    with pytest.raises(AnotherTopic, match="or KAFKA_BOOTSTRAP_SERVERS names another cluster: look at that first"):
        require_nothing_lost(own, Sink.PARQUET, skip=True)
    noted.write_text(old_id)

    send(own, prices(4, 5, 6, 7))
    with pytest.raises(AnotherTopic, match=f"KAFKA_TOPIC to a name .* remove {own.lake}/_checkpoints/parquet"):
        require_nothing_lost(own, Sink.PARQUET, skip=True)
    with pytest.raises(AssertionError, match="AnotherTopic"):
        warm_stream.land(own)
    noted.unlink()
    require_nothing_lost(own, Sink.PARQUET, skip=False)
    assert len(noted.read_text()) == len(old_id) > 0
    assert noted.read_text() != old_id

    renamed = own.model_copy(update={"kafka_topic": f"{own.kafka_topic}_2"})
    with pytest.raises(
        LandedFromElsewhere, match=f"topic {own.kafka_topic}, and .* remove {own.lake}/_checkpoints/parquet"
    ):
        require_nothing_lost(renamed, Sink.PARQUET, skip=False)
    shutil.rmtree(f"{own.lake}/_checkpoints/parquet")
    send(renamed, prices(4, 5))
    warm_stream.land(renamed)
    assert landed(own) == [0, 0, 1, 1, 2]


def test_a_restored_postgres_gets_again_what_it_lacks(own: Settings, warm_stream: WarmStream) -> None:
    own = own.model_copy(update={"landing_sinks": [Sink.POSTGRES]})
    send(own, prices(0, 1, 2))
    warm_stream.land(own)
    with connect(own) as connection:  # as from a backup that was made after two messages
        connection.execute("delete from quarantine.crypto_prices where kafka_offset = 2")
        connection.execute("update landing.next_offsets set next_offset = 2")
    with pytest.raises(RowsLost, match=r"postgres: 1 messages .* \(partition 0: 1 from offset 2 to 2\)"):
        require_nothing_lost(own, Sink.POSTGRES, skip=True)
    with connect(own) as connection:  # and from one that an earlier release made
        connection.execute("delete from landing.next_offsets")
    with pytest.raises(RowsLost, match=r"postgres: 3 messages .* POSTGRES_HOST, POSTGRES_PORT or POSTGRES_DB"):
        require_nothing_lost(own, Sink.POSTGRES, skip=True)
    with pytest.raises(AssertionError, match=f"RowsLost: .* remove {own.lake}/_checkpoints/postgres: all that"):
        warm_stream.land(own)
    shutil.rmtree(f"{own.lake}/_checkpoints/postgres")
    warm_stream.land(own)
    assert sorted(row["kafka_offset"] for row in in_postgres(own, "quarantine")) == [0, 1, 2]


def delete_topic(settings: Settings) -> None:
    with KafkaAdminClient(bootstrap_servers=settings.kafka_bootstrap_servers) as admin:
        admin.delete_topics([settings.kafka_topic])
        while settings.kafka_topic in admin.list_topics():
            time.sleep(0.1)
    for _ in range(50):
        try:
            return ensure_topic(settings)
        except KafkaError:
            time.sleep(0.1)
    raise AssertionError("the topic cannot be made again")
