"""What a lake on a local S3 holds, and what a test does to it."""

from collections import Counter

import psutil
import pyarrow.parquet
import pytest
from pyarrow.fs import FileSystem

from chaos.pipeline import AFTER_ALL
from coinloom.settings import Settings
from commands.counts import count_messages
from maintenance.object_store import StoredTable
from maintenance.run import compact
from stores.lake_files import arrow_address, data_files, landed_hours
from tests.commands import run_command
from tests.object_store import SECRET, files

TABLES = ("landing", "quarantine")

Places = Counter[tuple[int, int]]


def poll(settings: Settings, times: int) -> None:
    run_command(settings, "coinloom", "poll", "--max-polls", str(times), "--interval-seconds", "0.6")


def places(settings: Settings, paths: list[str]) -> Places:
    """How often each place of the topic is in these files."""
    store, _ = FileSystem.from_uri(arrow_address(settings.lake))
    found: Places = Counter()
    for path in paths:
        with pyarrow.parquet.ParquetFile(path, filesystem=store) as file:
            table = file.read(["kafka_partition", "kafka_offset"])
        found.update(zip(*(column.to_pylist() for column in table.columns), strict=True))
    return found


def in_the_lake(settings: Settings) -> Places:
    """What anybody sees who lists the folders."""
    return places(settings, [path for table in TABLES for path in files(settings, table)])


def seen_by_us(settings: Settings) -> Places:
    """What our own readers see."""
    store, root = FileSystem.from_uri(arrow_address(settings.lake))
    hours = [hour for table in TABLES for hour in landed_hours(store, f"{root}/{table}/crypto_prices").values()]
    return places(settings, [path for hour in hours for path in data_files(store, hour)])


def assert_all_is_there_once(settings: Settings) -> None:
    found = in_the_lake(settings)
    assert set(found.values()) == {1}
    assert len(found) == count_messages(settings) > 1_000


def newest(settings: Settings, log: str) -> int:
    """The newest batch in a log of the stream's checkpoint: `offsets`, when it begins, or `commits`; -1 if none."""
    names = [path.rpartition("/")[2] for path in files(settings, f"_checkpoints/parquet/{log}")]
    return max((int(name) for name in names if name.isdigit()), default=-1)


def no_secret_on_a_command_line() -> bool:
    lines = [line for process in psutil.process_iter(["cmdline"]) for line in process.info["cmdline"] or ()]
    assert any("fs.s3a.path.style.access=true" in line for line in lines)
    return not any(SECRET in line for line in lines)


class Killed(BaseException):
    """Stands for kill -9: what runs it does nothing more."""


def double_all(settings: Settings) -> None:
    """Compact an hour up to the moment when old and new files are both there."""

    def killed(self: StoredTable, paths: set[str]) -> None:
        if paths:
            raise Killed

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(StoredTable, "_delete", killed)
        with pytest.raises(Killed):
            compact(settings, AFTER_ALL)
    assert set(in_the_lake(settings).values()) >= {2}
    assert set(seen_by_us(settings).values()) == {1}
