"""A lake whose file system turns read-only, and is mounted for writing again: nothing is lost, and all goes on.

It is a mount over the folder: a mode does not keep root from writing.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from coinloom.settings import Settings, Sink
from tests.commands import run_command
from tests.disks import SmallDisk, small_disk
from tests.integration.streams import landed, prices, send
from tests.integration.warm_stream import WarmStream
from tests.stacks import elsewhere


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[SmallDisk]:
    with small_disk(tmp_path / "small", megabytes=16) as disk:
        yield disk


@pytest.fixture
def own(stack: Settings, disk: SmallDisk, warm_stream: WarmStream, tmp_path: Path) -> Settings:
    """Two batches in a lake on the small disk."""
    ours = {"lake_root": str(disk.folder / "lake"), "landing_sinks": [Sink.PARQUET], "kafka_topic_partitions": 1}
    settings = elsewhere(stack, f"ro_{tmp_path.name}".lower(), tmp_path, **ours)
    for number in range(2):
        send(settings, prices(number))
        warm_stream.land(settings)
    return settings


def test_the_stream_goes_on_when_it_may_write_again(own: Settings, disk: SmallDisk, warm_stream: WarmStream) -> None:
    send(own, prices(2, 3))
    with disk.read_only():
        with pytest.raises(AssertionError, match=r"LakeNotWritable: The file system of LAKE_ROOT \(.*\) is read-only"):
            warm_stream.land(own)
        assert landed(own) == [0, 1]
    warm_stream.land(own)
    assert landed(own) == [0, 1, 2, 3]


def test_maintain_says_so_and_compacts_when_it_may_write_again(own: Settings, disk: SmallDisk) -> None:
    command = ("coinloom", "maintain", "--before", "2100-01-01T00")
    with disk.read_only():
        printed = " ".join(run_command(own, *command, expect=1).split())
        assert "The file system of LAKE_ROOT" in printed
        assert "is read-only" in printed
    run_command(own, *command)
    assert len(list(Path(own.lake, "quarantine").rglob("*.parquet"))) == 1  # where prices without a time of fetch are
    assert landed(own) == [0, 1]
