"""Which hours of landing may go, and which hours of bars are closed by that."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from pyarrow.fs import LocalFileSystem

from coinloom.errors import WrongSetting
from coinloom.settings import read_settings
from maintenance.landing_retention import first_kept, horizon_of, remove_hour

OLDEST = datetime(2026, 3, 11, 12, 59, tzinfo=UTC)


def test_only_hours_go_that_are_too_old_as_a_whole() -> None:
    assert first_kept(OLDEST, newest_read="2026-03-13T12") == "2026-03-11T12"


def test_what_a_build_may_look_at_again_stays_however_old() -> None:
    assert first_kept(OLDEST, newest_read="2026-03-01T00") == "2026-02-28T23"


def test_bars_are_closed_until_a_day_after_the_first_hour_that_is_kept() -> None:
    assert horizon_of("2026-02-28T23") == "2026-03-01T23"


def test_an_hour_that_another_maintain_has_removed_is_done_and_counts_there(tmp_path: Path) -> None:
    hour = tmp_path / "landed_hour=2026-03-01T00"
    hour.mkdir()
    (hour / "rows.parquet").touch()
    assert [remove_hour(LocalFileSystem(), str(hour)) for _ in range(2)] == [1, 0]
    assert list(tmp_path.iterdir()) == []


def test_landing_has_to_outlive_the_topic() -> None:
    with pytest.raises(WrongSetting, match=r"LANDING_RETENTION_DAYS has to be KAFKA_RETENTION_DAYS [+] 2 at least, 9"):
        read_settings(landing_retention_days=8.9, kafka_retention_days=7.0)
    assert read_settings(landing_retention_days=9.0, kafka_retention_days=7.0).landing_retention_days == 9
