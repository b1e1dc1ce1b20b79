"""The steps by which hours in an object store become few files, on a local disk: what each leaves to see."""

import json
from pathlib import Path, PurePosixPath

import pyarrow.parquet as pq
import pytest
from pyarrow.fs import FileSelector

from maintenance import rewriting
from maintenance.errors import MaintenanceFailed
from maintenance.object_store import StoredTable
from stores.lake_files import REPLACES, replaced
from tests.unit.maintenance.stored_lake import HOUR, NAME, ORDER, StoredLake


class Killed(BaseException):
    """Stands for kill -9: what runs it does nothing more."""


@pytest.fixture
def lake(tmp_path: Path) -> StoredLake:
    small = StoredLake(str(tmp_path))
    for _ in range(4):
        small.land()
    return small


def names(lake: StoredLake) -> list[str]:
    return [PurePosixPath(path).name for path in lake.listed()]


def aside(lake: StoredLake) -> list[str]:
    infos = lake.store.get_file_info(FileSelector(f"{lake.root}/_compaction", recursive=True, allow_not_found=True))
    return [info.path for info in infos if info.is_file]


def killed_after_the_copy(lake: StoredLake, monkeypatch: pytest.MonkeyPatch) -> None:
    def killed(self: StoredTable, paths: set[str]) -> None:
        if paths:
            raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(StoredTable, "_delete", killed)
        with pytest.raises(Killed):
            lake.compact()


def test_an_hour_becomes_one_file_that_says_what_it_was_made_of(lake: StoredLake) -> None:
    before = names(lake)
    assert lake.compact() == [HOUR]
    [file] = lake.listed()
    assert json.loads(pq.read_metadata(file).metadata[REPLACES]) == before
    assert lake.read([file]) == lake.each_once()
    assert lake.compact() == []
    assert aside(lake) == []


def test_a_late_file_joins_in_under_a_name_that_comes_last(lake: StoredLake) -> None:
    lake.compact()
    [first] = names(lake)
    late = lake.land()
    assert lake.compact() == [HOUR]
    [second] = names(lake)
    assert PurePosixPath(late).name < first < second  # so a long list that is shown in pieces never lacks both
    assert lake.read(lake.listed()) == lake.each_once()


def test_what_lands_between_the_steps_stays(lake: StoredLake) -> None:
    lake.table.prepare(HOUR, lake.all_committed)
    late = lake.land()
    lake.table.replace(HOUR)
    assert late in lake.listed()
    assert lake.read(lake.listed()) == lake.each_once()


def test_a_kill_before_the_copy_changes_nothing(lake: StoredLake) -> None:
    before = names(lake)
    lake.table.prepare(HOUR, lake.all_committed)
    assert names(lake) == before
    assert aside(lake)
    assert lake.compact() == [HOUR]
    assert lake.read(lake.listed()) == lake.each_once()


def test_a_kill_after_the_copy_leaves_doubles_that_are_known_and_deleted(
    lake: StoredLake, monkeypatch: pytest.MonkeyPatch
) -> None:
    sources = lake.listed()
    killed_after_the_copy(lake, monkeypatch)
    assert max(lake.read(lake.listed()).values()) == 2
    assert replaced(lake.store, lake.listed()) == set(sources)
    assert lake.compact() == [HOUR]
    assert lake.read(lake.listed()) == lake.each_once()
    assert len(lake.listed()) == 1


def test_a_late_file_after_a_kill_is_no_double(lake: StoredLake, monkeypatch: pytest.MonkeyPatch) -> None:
    killed_after_the_copy(lake, monkeypatch)
    late = lake.land()
    assert late not in replaced(lake.store, lake.listed())
    assert lake.compact() == [HOUR]
    assert lake.read(lake.listed()) == lake.each_once()
    assert len(lake.listed()) == 1


def test_a_large_hour_is_replaced_file_by_file(lake: StoredLake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rewriting, "ROWS_PER_FILE", 5)
    killed_after_the_copy(lake, monkeypatch)
    assert len(replaced(lake.store, lake.listed())) == 2
    assert lake.compact() == [HOUR]
    assert lake.read(lake.listed()) == lake.each_once()
    assert lake.compact() == []
    assert len(lake.listed()) == 2


def test_what_another_has_replaced_is_left_alone(lake: StoredLake) -> None:
    lake.table.prepare(HOUR, lake.all_committed)
    lake.store.delete_file(lake.listed()[0])
    before = names(lake)
    with pytest.raises(MaintenanceFailed, match="another `coinloom maintain`"):
        lake.table.replace(HOUR)
    assert names(lake) == before


def test_a_call_that_slept_while_another_did_more_doubles_nothing(lake: StoredLake) -> None:
    lake.table.prepare(HOUR, lake.all_committed)
    [prepared] = aside(lake)
    kept = f"{lake.root}/{PurePosixPath(prepared).name}"
    lake.store.copy_file(prepared, kept)
    lake.land()
    lake.compact()
    slept = f"{lake.hour}/{PurePosixPath(prepared).name}"
    lake.store.copy_file(kept, slept)
    assert replaced(lake.store, lake.listed()) == {slept}
    assert lake.compact() == [HOUR]
    assert lake.read(lake.listed()) == lake.each_once()


def test_two_at_once_replace_an_hour_once(lake: StoredLake) -> None:
    other = StoredTable(lake.store, lake.root, NAME, ORDER)
    lake.table.prepare(HOUR, lake.all_committed)
    other.prepare(HOUR, lake.all_committed)
    other.replace(HOUR)
    lake.table.replace(HOUR)
    assert lake.read(lake.listed()) == lake.each_once()


def test_the_hour_that_goes_on_is_left_alone(lake: StoredLake) -> None:
    assert list(lake.table.due(lake.all_committed, before_hour=HOUR)) == []
