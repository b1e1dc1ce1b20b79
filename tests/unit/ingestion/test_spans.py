"""Which spans a backfill asks for, which it keeps as done, and the file that keeps them."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from coinloom.errors import WrongSetting
from commands.backfill import read_period
from ingestion.backfill.checkpoint import Checkpoint
from ingestion.coingecko.spans import Series, Span, milliseconds
from ingestion.exceptions import CheckpointNotKept

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
NOW = milliseconds(NOON)
HOUR = 3_600_000
DAY = 24 * HOUR
BITCOIN, ETHER = Series("bitcoin", "usd"), Series("ethereum", "usd")


def ago(days: float, until: float = 0) -> Span:
    return Span(NOW - int(days * DAY), NOW - int(until * DAY))


@pytest.mark.parametrize(
    ("span", "days"),
    [
        (ago(300, until=200), [89, 11]),
        (ago(90, until=1), [89]),
        (ago(91, until=1), [89, 1]),
        (ago(30), [29 + 10 / 1440, 1 - 10 / 1440]),
        (ago(0.5), [0.5]),
        (ago(0.9, until=0.5), [0.4]),
        (ago(0), []),
    ],
)
def test_a_piece_is_at_most_89_days_and_the_last_day_is_one_of_its_own(span: Span, days: list[float]) -> None:
    pieces = span.pieces(NOW)
    assert [(piece.until_ms - piece.start_ms) / DAY for piece in pieces] == pytest.approx(days)
    assert span.without(pieces) == []
    assert [piece.is_recent(NOW) for piece in pieces] == [piece.start_ms > NOW - DAY for piece in pieces]


@pytest.mark.parametrize(
    ("done", "left"),
    [
        ([], [(10, 20)]),
        ([(10, 20)], []),
        ([(0, 100)], []),
        ([(0, 12)], [(12, 20)]),
        ([(18, 30)], [(10, 18)]),
        ([(15, 16), (12, 14)], [(10, 12), (14, 15), (16, 20)]),
        ([(11, 19), (12, 13)], [(10, 11), (19, 20)]),
        ([(0, 5), (25, 30)], [(10, 20)]),
        ([(0, 10), (20, 30)], [(10, 20)]),
    ],
)
def test_what_is_left(done: list[tuple[int, int]], left: list[tuple[int, int]]) -> None:
    assert Span(10, 20).without(Span(*one) for one in done) == [Span(*one) for one in left]


def test_what_reaches_into_the_last_hour_is_done_up_to_its_last_sample() -> None:
    past, present = Span(0, NOW - HOUR), Span(0, NOW - HOUR + 1)
    assert past.settled(5, NOW) == past
    assert present.settled(5, NOW) == Span(0, 6)


def test_what_is_left_right_after_a_backfill_is_not_worth_asking() -> None:
    assert not Span(NOW - 299_999, NOW).is_worth_asking(NOW)
    assert Span(NOW - 300_000, NOW).is_worth_asking(NOW)
    assert Span(NOW - HOUR - 1, NOW - HOUR).is_worth_asking(NOW)


def test_done_is_kept_per_series_origin_and_destination_and_spans_that_touch_become_one(tmp_path: Path) -> None:
    path = tmp_path / "new" / "done.sqlite"
    done = Checkpoint(path, "coingecko", "broker topic")
    for span in (Span(10, 20), Span(30, 40), Span(20, 25)):
        done.add(BITCOIN, span)
    done.add(ETHER, Span(1, 2))
    again = Checkpoint(path, "coingecko", "broker topic")
    assert again.spans(BITCOIN) == [Span(10, 25), Span(30, 40)]
    again.add(BITCOIN, Span(22, 35))
    assert done.spans(BITCOIN) == [Span(10, 40)]
    assert done.spans(ETHER) == [Span(1, 2)]
    assert done.spans(Series("bitcoin", "eur")) == []
    assert Checkpoint(path, "simulator", "broker topic").spans(BITCOIN) == []
    assert Checkpoint(path, "coingecko", "broker other").spans(BITCOIN) == []
    done.forget(BITCOIN, Span(15, 16))
    assert (done.spans(BITCOIN), done.spans(ETHER)) == ([], [Span(1, 2)])


def test_a_file_that_cannot_be_used_is_named_with_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "new").write_text("in the way")
    with pytest.raises(CheckpointNotKept, match=r"done\.sqlite.*COINLOOM_HOME"):
        Checkpoint(tmp_path / "new" / "done.sqlite", "coingecko", "broker topic").spans(BITCOIN)


@pytest.mark.parametrize(
    ("since", "until", "hours_ago", "until_hours_ago"),
    [
        ("2026-11-20", None, 60, 0),
        ("2026-11-20", "2026-11-20", 60, 36),
        ("2026-11-20T06:30", "2026-11-20T08:30:00Z", 53.5, 51.5),
        ("2026-11-20T06:30+02:00", "2026-11-22", 55.5, 0),
        ("2026-11-20", "2027-01-01", 60, 0),
    ],
)
def test_a_period_is_in_utc_a_date_is_a_whole_day_and_now_is_its_end(
    since: str, until: str | None, hours_ago: float, until_hours_ago: float
) -> None:
    start, end = (NOON - timedelta(hours=hours) for hours in (hours_ago, until_hours_ago))
    assert read_period(since, until, NOON) == Span(milliseconds(start), milliseconds(end))


@pytest.mark.parametrize(
    ("since", "until", "complaint"),
    [
        ("yesterday", None, "--from is not a date or a time: 'yesterday'; write 2026-01-31"),
        ("20261120", None, "--from is not a date"),
        ("2026-11-31", None, "--from is not a date"),
        ("2026-11-20", "1763812800", "--to is not a date"),
        ("0001-01-01T00:00+14:00", None, "--from is not a date"),
        ("2026-11-20", "2026-11-19", "--from 2026-11-20 is not before --to 2026-11-19"),
        ("2026-11-23", None, "--from 2026-11-23 is not before --to now"),
    ],
)
def test_a_period_that_is_none_is_a_wrong_setting(since: str, until: str | None, complaint: str) -> None:
    with pytest.raises(WrongSetting, match=complaint):
        read_period(since, until, NOON)
