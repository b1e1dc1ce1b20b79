"""A disk that fills up under each writer: it says what to do, loses nothing, and goes on once there is room.

What dbt and PostgreSQL do is in tests/warehouse/test_full_disk.py.
"""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from coinloom.settings import ServerName, Settings, Sink
from ingestion.exceptions import NotAcknowledged, OutboxUnusable
from ingestion.messages import Message
from ingestion.polling.outbox import open_outbox
from ingestion.polling.relay import Relay
from ingestion.producer import ensure_topic, open_producer
from ingestion.topic import open_topic
from stack import services
from stack.isolation import isolated_settings
from stack.lifecycle import running_servers
from tests.commands import run_command
from tests.disks import SmallDisk, small_disk
from tests.integration.streams import in_files, landed, prices, send
from tests.integration.warm_stream import WarmStream
from tests.stacks import elsewhere


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[SmallDisk]:
    with small_disk(tmp_path / "small", megabytes=4) as disk:
        yield disk


@pytest.fixture
def on_small_disk(stack: Settings, disk: SmallDisk, tmp_path: Path) -> Settings:
    """A topic of one partition and a lake on the small disk."""
    ours = {"lake_root": str(disk.folder / "lake"), "landing_sinks": [Sink.PARQUET], "kafka_topic_partitions": 1}
    return elsewhere(stack, f"full_{tmp_path.name}".lower(), tmp_path, **ours)


def messages(first: int, count: int) -> list[Message]:
    headers = [("schema-version", b"1.0"), ("poll-id", b"p"), ("source", b"live")]
    return [Message(f"coin-{number}".encode(), bytes(2_000), headers) for number in range(first, first + count)]


def test_the_outbox_keeps_what_it_has_and_takes_more_once_there_is_room(disk: SmallDisk) -> None:
    file = disk.folder / "poller.sqlite"
    with open_outbox(file) as outbox:
        outbox.keep(messages(0, 10))
        disk.fill()
        with pytest.raises(OutboxUnusable, match=rf"{file} \(.*full.*\); make room there"):
            outbox.keep(messages(10, 1_000))
        assert len(outbox) == 10
        disk.make_room()
        outbox.keep(messages(10, 10))
    with open_outbox(file) as outbox:
        assert [kept.message for kept in outbox.after(0, 1_000)] == messages(0, 20)


def test_the_stream_lands_the_rest_once_there_is_room(
    on_small_disk: Settings, disk: SmallDisk, warm_stream: WarmStream
) -> None:
    send(on_small_disk, prices(0, 1))
    warm_stream.land(on_small_disk)
    send(on_small_disk, prices(2, 3))
    disk.fill()
    for _ in range(2):
        with pytest.raises(AssertionError, match=r"LakeNotWritable: The disk of LAKE_ROOT \(.*\) is full: make room"):
            warm_stream.land(on_small_disk)
    disk.make_room()
    assert landed(on_small_disk) == [0, 1]
    send(on_small_disk, prices(4))
    warm_stream.land(on_small_disk)
    assert landed(on_small_disk) == [0, 1, 2, 3, 4]


def test_maintain_leaves_all_as_it_was_and_goes_on_once_there_is_room(
    on_small_disk: Settings, disk: SmallDisk, warm_stream: WarmStream
) -> None:
    for number in range(3):
        send(on_small_disk, prices(number))
        warm_stream.land(on_small_disk)
    files, rows = files_of(on_small_disk), in_files(on_small_disk, "quarantine")
    disk.fill()
    assert "The disk is full: hour" in maintain(on_small_disk, expect=1)
    assert files_of(on_small_disk) == files
    disk.make_room()
    maintain(on_small_disk)
    assert len(files_of(on_small_disk)) == 1
    assert in_files(on_small_disk, "quarantine") == rows


@pytest.mark.long
def test_a_broker_goes_on_once_there_is_room_and_has_all_it_confirmed(tmp_path: Path) -> None:
    home = tmp_path / "home"
    with small_disk(home / "kafka", megabytes=64) as disk:
        settings = isolated_settings(home, kafka_topic_partitions=1)
        outbox_file = tmp_path / "poller.sqlite"
        with running_servers(settings, ServerName.KAFKA) as supervisor:
            ensure_topic(settings)
            with (
                open_outbox(outbox_file) as outbox,
                open_producer(settings, delivery_timeout_seconds=600) as producer,
            ):
                relay = Relay(outbox, producer, settings.kafka_topic)
                outbox.keep(messages(0, 100))
                relay.deliver(30)
                disk.fill()
                outbox.keep(messages(100, 1_000))
                with pytest.raises(NotAcknowledged, match="which wait on disk; is the broker at"):
                    relay.deliver(10)
                log = (supervisor.logs / "kafka.log").read_text()
                assert "No space left on device" in log
                disk.make_room()
                supervisor.wait_ready(services.server(settings, ServerName.KAFKA))
                relay.deliver(120)
                assert len(outbox) == 0
            with open_topic(settings) as topic:
                found = Counter(message.key for message in topic.messages({}, topic.ends()))
    assert found == Counter(message.key for message in messages(0, 1_100))


def maintain(settings: Settings, expect: int = 0) -> str:
    return run_command(settings, "coinloom", "maintain", "--before", "2100-01-01T00", expect=expect)


def files_of(settings: Settings) -> list[str]:
    """Of the quarantine: these prices have no time of their fetch."""
    return sorted(str(file) for file in Path(settings.lake, "quarantine").rglob("*.parquet"))
