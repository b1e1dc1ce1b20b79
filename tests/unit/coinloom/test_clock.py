"""Instants as people and APIs write them."""

from datetime import UTC, datetime

import pytest

from coinloom.clock import read_instant


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-01-31", datetime(2026, 1, 31, tzinfo=UTC)),
        ("2026-01-31T12:00", datetime(2026, 1, 31, 12, tzinfo=UTC)),
        ("2026-01-31T12:00:00.5+02:00", datetime(2026, 1, 31, 10, 0, 0, 500_000, tzinfo=UTC)),
        ("2026-01-31 12:00Z", datetime(2026, 1, 31, 12, tzinfo=UTC)),
    ],
)
def test_an_instant_is_read_as_utc(text: str, moment: datetime) -> None:
    assert read_instant(text) == moment
    assert read_instant(text).tzinfo is UTC


@pytest.mark.parametrize("text", ["", "soon", "20260131", "1769860800", "2026-13-01", "0001-01-01T00:00+01:00"])
def test_what_is_no_instant_is_an_error(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 whatever the message, callers have their own
        read_instant(text)
