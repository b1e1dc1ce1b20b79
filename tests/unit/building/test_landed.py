"""Whether something has landed in the lake, on real folders."""

from datetime import timedelta
from pathlib import Path

import pytest
from pyarrow.fs import LocalFileSystem, PyFileSystem

from building.landed import LakeUnavailable, LandingInTheLake
from coinloom.clock import utc_now
from stores.lake_files import data_files
from tests.unit.stores.counting_store import CountingStore


@pytest.fixture
def lake(tmp_path: Path) -> tuple[LandingInTheLake, Path]:
    folder = tmp_path / "landing" / "crypto_prices"
    return LandingInTheLake(LocalFileSystem(), str(folder), clock=lambda: 0.0), folder


def hour(hours_ago: int = 0) -> str:
    return f"landed_hour={utc_now() - timedelta(hours=hours_ago):%Y-%m-%dT%H}"


def add(folder: Path, name: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(b"rows")


def test_before_anything_has_landed_all_looks_are_equal(lake: tuple[LandingInTheLake, Path]) -> None:
    landing, _ = lake
    assert landing.look() == landing.look()


def test_a_new_file_is_seen_and_none_is_not(lake: tuple[LandingInTheLake, Path]) -> None:
    landing, folder = lake
    add(folder / hour(), "1.parquet")
    first = landing.look()
    assert landing.look() == first
    add(folder / hour(), "2.parquet")
    assert landing.look() != first


def test_the_first_file_of_this_hour_is_seen(lake: tuple[LandingInTheLake, Path]) -> None:
    landing, folder = lake
    add(folder / hour(2), "1.parquet")
    before = landing.look()
    add(folder / hour(), "2.parquet")
    assert landing.look() != before


def test_hours_that_the_clock_has_not_come_to_are_found_when_all_are_looked_at(tmp_path: Path) -> None:
    times = iter([0.0, 0.0, 1.0, 60.0, 60.0])
    folder = tmp_path / "landing" / "crypto_prices"
    landing = LandingInTheLake(LocalFileSystem(), str(folder), clock=lambda: next(times))
    add(folder / hour(5), "1.parquet")
    first = landing.look()
    add(folder / hour(3), "2.parquet")
    assert landing.look() == first
    assert landing.look() != first


def test_a_lake_that_cannot_be_looked_at_is_named(lake: tuple[LandingInTheLake, Path]) -> None:
    landing, folder = lake
    folder.parent.mkdir(parents=True)
    folder.write_text("a file where the folder should be")
    with pytest.raises(LakeUnavailable, match=r"LAKE_ROOT \(.*\) could not be looked at"):
        landing.look()


def test_a_look_at_an_object_store_is_one_listing_each_second(tmp_path: Path) -> None:
    store = CountingStore()
    landing = LandingInTheLake(PyFileSystem(store), str(tmp_path), clock=lambda: 0.0)
    add(tmp_path / hour(), "1.parquet")
    first = landing.look()
    store.forget()
    assert landing.look() == first
    assert (store.listings, store.statuses) == (1, 0)
    add(tmp_path / hour(), "2.parquet")
    assert landing.look() != first
    assert landing.look_seconds == 1


def test_before_the_first_file_of_an_hour_a_look_at_an_object_store_is_two_listings(tmp_path: Path) -> None:
    store = CountingStore()
    landing = LandingInTheLake(PyFileSystem(store), str(tmp_path), clock=lambda: 0.0)
    add(tmp_path / hour(2), "1.parquet")
    before = landing.look()
    store.forget()
    assert landing.look() == before
    assert (store.listings, store.statuses) == (2, 0)
    add(tmp_path / hour(), "2.parquet")
    assert landing.look() != before


def test_what_is_in_a_folder_of_an_object_store_is_one_listing(tmp_path: Path) -> None:
    store = CountingStore()
    add(tmp_path / hour(), "1.parquet")
    assert len(data_files(PyFileSystem(store), str(tmp_path / hour()))) == 1
    assert (store.listings, store.statuses) == (1, 1)
