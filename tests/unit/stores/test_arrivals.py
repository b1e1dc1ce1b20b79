"""What came to the lake in the last minutes, from files as the stream leaves them."""

import os
from datetime import datetime
from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow.parquet import write_table

from coinloom.settings import Settings, Sink
from stores.arrivals import Arrivals, arrivals


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(_env_file=None, lake_root=str(tmp_path))


def land(lake: Path, place: str, *landed_at: datetime) -> None:
    file = lake / place
    file.parent.mkdir(parents=True, exist_ok=True)
    write_table(pa.table({"landed_at": pa.array(landed_at, pa.timestamp("us", "UTC"))}), file)


def test_rows_are_counted_by_minute_in_the_newest_hour_of_either_table(settings: Settings, tmp_path: Path) -> None:
    first, second = datetime(2026, 11, 22, 10, 1), datetime(2026, 11, 22, 10, 2)
    land(tmp_path, "landing/crypto_prices/landed_hour=2026-11-22T09/a.parquet", datetime(2026, 11, 22, 9, 59))
    land(tmp_path, "landing/crypto_prices/landed_hour=2026-11-22T10/b.parquet", first, first.replace(second=59))
    land(tmp_path, "landing/crypto_prices/landed_hour=2026-11-22T10/c.parquet", second.replace(microsecond=1))
    land(tmp_path, "quarantine/crypto_prices/landed_hour=2026-11-22T10/d.parquet", second)
    land(tmp_path, "quarantine/crypto_prices/landed_hour=2026-11-22T08/e.parquet", second)
    found = arrivals(settings, Sink.PARQUET)
    assert found == Arrivals(Sink.PARQUET, {first: 2, second: 1}, {second: 1})
    assert found.minutes == [second, first]


def test_what_is_rejected_in_an_hour_in_which_nothing_has_landed_is_counted(settings: Settings, tmp_path: Path) -> None:
    before, rejected = datetime(2026, 11, 22, 9, 58), datetime(2026, 11, 22, 10, 3)
    land(tmp_path, "landing/crypto_prices/landed_hour=2026-11-22T09/a.parquet", before.replace(minute=50), before)
    land(tmp_path, "quarantine/crypto_prices/landed_hour=2026-11-22T10/b.parquet", rejected, rejected)
    (tmp_path / "landing/crypto_prices/landed_hour=2026-11-22T10").mkdir()  # of a stream that was killed
    assert arrivals(settings, Sink.PARQUET) == Arrivals(Sink.PARQUET, {before: 1}, {rejected: 2})


def test_what_came_more_than_ten_minutes_before_the_last_is_left_out(settings: Settings, tmp_path: Path) -> None:
    hour = "landing/crypto_prices/landed_hour=2026-11-22T10"
    last, old = datetime(2026, 11, 22, 10, 30), datetime(2026, 11, 22, 10, 20)
    land(tmp_path, f"{hour}/a.parquet", old, old.replace(minute=21), last)
    land(tmp_path, f"{hour}/b.parquet", last.replace(minute=29))
    os.utime(tmp_path / hour / "b.parquet", (0, 0))  # of the files, only the last ones are read
    assert arrivals(settings, Sink.PARQUET).landed == {old.replace(minute=21): 1, last: 1}


def test_before_the_first_row_there_is_no_minute(settings: Settings) -> None:
    assert arrivals(settings, Sink.PARQUET).minutes == []
