"""Many files of an hour become few: every row is there once, for every reader, after every kill."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from operator import itemgetter
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyarrow.fs import LocalFileSystem

from maintenance import rewriting
from maintenance.committed_batches import CommittedBatches
from maintenance.compaction import SOURCES
from maintenance.errors import MaintenanceFailed
from maintenance.exchange import exchange
from tests.unit.maintenance.lake import HOUR, ORDER, SmallLake
from tests.watching import again_and_again

KILLS = 12
COMPACTS_FOR_EVER = """
import sys
from pathlib import Path
from tests.unit.maintenance.lake import SmallLake

lake = SmallLake(Path(sys.argv[1]), sys.argv[2], batches=10**9)
print("begins", flush=True)
while True:
    lake.compact()
"""


@pytest.fixture
def lake(tmp_path: Path) -> SmallLake:
    small = SmallLake(tmp_path)
    for _ in range(4):
        small.land()
    return small


def names(folder: Path) -> list[str]:
    return sorted(file.name for file in folder.iterdir())


def test_an_hour_becomes_one_sorted_file(lake: SmallLake) -> None:
    assert lake.compact() == [HOUR]
    [file] = lake.hour.iterdir()
    rows = pq.read_table(file, partitioning=None).to_pylist()
    assert rows == sorted(rows, key=itemgetter(*ORDER))
    assert pq.read_metadata(file).row_group(0).sorting_columns[0].column_index == 0
    assert lake.seen() == lake.each_once()
    assert not lake.aside.exists()


def test_what_was_compacted_is_left_alone(lake: SmallLake) -> None:
    lake.compact()
    before = names(lake.hour)
    assert lake.compact() == []
    assert names(lake.hour) == before


def test_one_file_and_the_hour_that_goes_on_are_left_alone(tmp_path: Path) -> None:
    lake = SmallLake(tmp_path)
    lake.land()
    assert lake.compact() == []
    lake.land()
    assert list(lake.table.due(lake.all_committed, before_hour=HOUR)) == []


def test_a_late_file_joins_in_under_a_name_that_no_reader_has_listed(lake: SmallLake) -> None:
    lake.compact()
    before = names(lake.hour)
    lake.land()
    assert lake.compact() == [HOUR]
    assert len(names(lake.hour)) == 1
    assert not set(names(lake.hour)) & set(before)
    assert lake.seen() == lake.each_once()


def test_a_batch_that_may_be_repeated_keeps_its_file(lake: SmallLake) -> None:
    committed = CommittedBatches.of(LocalFileSystem(), str(lake.commit(batch=3)))
    assert lake.compact(committed) == [HOUR]
    assert f"{lake.stream}-0000000004.parquet" in names(lake.hour)
    assert len(names(lake.hour)) == 2
    assert lake.seen() == lake.each_once()


def test_files_of_committed_batches_and_of_other_streams_stay_as_they_are(lake: SmallLake) -> None:
    other = "00000000-0000-0000-0000-000000000000"
    committed = CommittedBatches.of(LocalFileSystem(), str(lake.commit(batch=12)))
    verdicts = {f"{lake.stream}-{batch:010d}{part}.parquet": batch <= 12 for batch in (12, 13) for part in ("", "-7")}
    for name, is_theirs in (verdicts | {f"{other}-0000000099.parquet": True, "by-hand.parquet": True}).items():
        assert committed.have(name) is is_theirs, name
    nothing_known = CommittedBatches.of(LocalFileSystem(), str(lake.root / "no-checkpoint"))
    assert nothing_known.have(f"{other}-0000000099.parquet")


def test_what_lands_while_an_hour_is_replaced_stays(lake: SmallLake) -> None:
    table, committed = lake.table, lake.all_committed
    table.prepare(HOUR, committed)
    late = lake.land()
    table.replace(HOUR)
    assert late.name in names(lake.hour)
    assert lake.seen() == lake.each_once()


def replace_and_stop(lake: SmallLake, *, before: Callable[[], object] = lambda: None) -> None:
    """Batch 4 is not committed. Something happens before the exchange, and right after it we are stopped."""
    table, committed = lake.table, CommittedBatches.of(LocalFileSystem(), str(lake.commit(batch=3)))

    def exchange_and_stop(one: Path, other: Path) -> None:
        before()
        exchange(one, other)
        raise KeyboardInterrupt

    table.prepare(HOUR, committed)
    with pytest.raises(KeyboardInterrupt):
        table.replace(HOUR, exchange_and_stop)


def test_who_is_stopped_right_after_the_exchange_has_left_a_file_of_an_open_batch_in_its_hour(lake: SmallLake) -> None:
    replace_and_stop(lake)
    assert f"{lake.stream}-0000000004.parquet" in names(lake.hour)
    assert lake.seen() == lake.each_once()
    assert lake.compact() == [HOUR]
    assert lake.seen() == lake.each_once()
    assert len(names(lake.hour)) == 1
    assert not lake.aside.exists()


@pytest.mark.parametrize("is_before", [True, False])
def test_an_open_batch_that_is_repeated_at_the_exchange_has_one_file(lake: SmallLake, *, is_before: bool) -> None:
    def repeat() -> None:
        lake.batches, lake.offsets = 3, 9
        lake.land()

    replace_and_stop(lake, before=repeat if is_before else lambda: None)
    if not is_before:
        repeat()
    lake.table.mend()
    assert f"{lake.stream}-0000000004.parquet" in names(lake.hour)
    assert lake.seen() == lake.each_once()
    assert not lake.aside.exists()


def test_a_file_older_than_a_column_has_nulls(lake: SmallLake) -> None:
    lake.land(2, price=[1.5, None])
    lake.compact()
    [file] = lake.hour.iterdir()
    prices = {row["kafka_offset"]: row["price"] for row in pq.read_table(file, partitioning=None).to_pylist()}
    assert prices == {offset: 1.5 if offset == 12 else None for offset in range(14)}


def test_a_large_hour_becomes_files_of_a_sensible_size(lake: SmallLake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rewriting, "ROWS_PER_FILE", 5)
    lake.compact()
    assert [pq.read_metadata(lake.hour / name).num_rows for name in names(lake.hour)] == [6, 6]
    assert lake.compact() == []
    assert lake.seen() == lake.each_once()


def test_types_come_through(lake: SmallLake) -> None:
    instants = pa.array([1_000_001, None], pa.timestamp("us", "UTC"))
    lake.land(
        2, at=instants, rank=pa.array([1, None], pa.int32()), ok=pa.array([True, None]), raw=pa.array([b"\xff", None])
    )
    before = pq.read_schema(lake.hour / names(lake.hour)[-1])
    lake.compact()
    [file] = lake.hour.iterdir()
    assert {field.name: field.type for field in pq.read_schema(file)} == {field.name: field.type for field in before}


@pytest.mark.parametrize("spoilt", [b"", b"PAR1 this is no Parquet file"])
def test_a_damaged_file_is_named_and_nothing_is_replaced(lake: SmallLake, spoilt: bytes) -> None:
    damaged = lake.land()
    damaged.write_bytes(spoilt)
    before = names(lake.hour)
    with pytest.raises(MaintenanceFailed, match=damaged.name):
        lake.compact()
    assert names(lake.hour) == before
    assert not lake.aside.exists()


def test_files_that_do_not_fit_together_are_named(lake: SmallLake) -> None:
    lake.land(1, price=[1.5])
    lake.land(1, price=["one"])
    with pytest.raises(MaintenanceFailed, match="do not fit together"):
        lake.compact()


def test_killed_while_it_wrote_it_begins_again(lake: SmallLake) -> None:
    lake.table.prepare(HOUR, lake.all_committed)
    assert lake.compact() == [HOUR]
    assert lake.seen() == lake.each_once()


def test_killed_before_it_wrote_anything_it_begins_again(lake: SmallLake) -> None:
    lake.aside.mkdir(parents=True)
    assert lake.compact() == [HOUR]
    assert lake.seen() == lake.each_once()


def test_an_hour_that_retention_removed_leaves_nothing_aside(lake: SmallLake) -> None:
    lake.listing_seconds = 60
    lake.compact()
    assert lake.aside.exists()
    shutil.rmtree(lake.hour)
    lake.table.mend()
    assert not lake.aside.exists()


def test_killed_after_the_exchange_it_goes_on(lake: SmallLake) -> None:
    lake.table.prepare(HOUR, lake.all_committed)
    exchange(lake.aside, lake.hour)
    late = lake.land(folder=lake.aside)  # its writer had found the folder before it went aside
    assert lake.compact() == [HOUR]
    assert late.name not in names(lake.hour)
    assert lake.seen() == lake.each_once()
    assert not lake.aside.exists()


def test_what_a_kill_at_the_very_end_left_is_not_believed(lake: SmallLake) -> None:
    lake.compact()
    (lake.hour / SOURCES).write_text(json.dumps(names(lake.hour)))
    lake.land()
    assert lake.compact() == [HOUR]
    assert lake.seen() == lake.each_once()
    assert len(names(lake.hour)) == 1


def test_a_file_that_is_nobody_s_stays_in_its_hour(lake: SmallLake) -> None:
    (lake.hour / "notes.parquet.bak").write_text("mine")
    assert lake.compact() == [HOUR]
    assert (lake.hour / "notes.parquet.bak").read_text() == "mine"
    assert not lake.aside.exists()


def test_old_files_stay_for_who_has_begun_to_list_them(lake: SmallLake) -> None:
    lake.listing_seconds = 60
    old = names(lake.hour)
    folder = os.open(lake.hour, os.O_RDONLY)
    try:
        lake.compact()
        assert sorted(os.listdir(folder)) == old  # noqa: PTH208 an open folder has no path
    finally:
        os.close(folder)
    assert lake.seen() == lake.each_once()
    lake.land()
    assert lake.compact() == []  # not while the files before are there
    lake.listing_seconds = 0
    assert lake.compact() == [HOUR]
    assert lake.seen() == lake.each_once()


def test_a_reader_sees_each_row_once_at_every_moment(lake: SmallLake) -> None:
    lake.listing_seconds = 0.3
    looks, wrong = 0, []

    def look() -> None:
        nonlocal looks
        least = lake.offsets - 3  # one batch may be on its way
        seen = lake.seen()
        looks += 1
        if set(seen.values()) != {1} or not set(range(least)) <= set(seen):
            wrong.append(seen)

    with again_and_again(look):
        for _ in range(12):
            for _ in range(5):
                lake.land()
                lake.compact()
            time.sleep(lake.listing_seconds)
    assert wrong == []
    assert looks > 20


def test_killed_at_any_moment_and_begun_again_it_loses_and_doubles_nothing(lake: SmallLake) -> None:
    command = [sys.executable, "-c", COMPACTS_FOR_EVER, str(lake.root), lake.stream]
    for kill in range(KILLS):
        with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == b"begins\n"
            for _ in range(kill + 1):
                lake.land()
            process.send_signal(signal.SIGKILL)
        assert lake.seen() == lake.each_once(), f"kill {kill}"
    lake.compact()
    assert lake.seen() == lake.each_once()
    assert len(names(lake.hour)) == 1
