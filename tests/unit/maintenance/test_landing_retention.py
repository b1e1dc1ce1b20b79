"""Which hours of landing may go, and which hours of bars are closed by that."""

from datetime import UTC, datetime

import pytest

from coinloom.errors import WrongSetting
from coinloom.settings import read_settings
from maintenance.landing_retention import first_kept, horizon_of

OLDEST = datetime(2026, 3, 11, 12, 59, tzinfo=UTC)


def test_only_hours_go_that_are_too_old_as_a_whole() -> None:
    assert first_kept(OLDEST, newest_read="2026-03-13T12") == "2026-03-11T12"


def test_what_a_build_may_look_at_again_stays_however_old() -> None:
    assert first_kept(OLDEST, newest_read="2026-03-01T00") == "2026-02-28T23"


def test_bars_are_closed_until_a_day_after_the_first_hour_that_is_kept() -> None:
    assert horizon_of("2026-02-28T23") == "2026-03-01T23"


def test_landing_has_to_outlive_the_topic() -> None:
    with pytest.raises(WrongSetting, match=r"LANDING_RETENTION_DAYS has to be KAFKA_RETENTION_DAYS [+] 2 at least, 9"):
        read_settings(landing_retention_days=8.9, kafka_retention_days=7.0)
    assert read_settings(landing_retention_days=9.0, kafka_retention_days=7.0).landing_retention_days == 9
