"""What calls may cost, on a clock that only the test moves, and in a file that outlives its process."""

import contextlib
import logging
import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import requests

from coinloom.settings import CoinGeckoPlan, Settings
from ingestion.coingecko.budget import MINUTE, Budget, Limits
from ingestion.coingecko.client import CoinGeckoClient
from ingestion.coingecko.markets import MarketsRequest
from ingestion.exceptions import BadAnswer, CallsNotKept, CreditsSpent, Unreachable
from ingestion.polling.schedule import Pace
from tests.unit.ingestion.scripted_server import Reply, ScriptedServer, coins

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
MONTHS_END = datetime(2026, 12, 1, tzinfo=UTC)


class Clock:
    """Sleeping takes as long as asked."""

    def __init__(self) -> None:
        self.moment = NOON
        self.slept: list[float] = []

    def now(self) -> datetime:
        return self.moment

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.moment += timedelta(seconds=seconds)


@pytest.fixture
def clock() -> Clock:
    return Clock()


def calls_file(folder: Path) -> Path:
    return folder / "new" / "calls.sqlite"


def budget(folder: Path, clock: Clock, per_minute: int = 0, per_month: int = 0) -> Budget:
    path = calls_file(folder)
    return Budget(path, CoinGeckoPlan.DEMO, Limits(per_minute, per_month), now=clock.now, sleep=clock.sleep)


def test_a_minute_has_room_for_so_many_calls_and_no_more(tmp_path: Path, clock: Clock) -> None:
    limited = budget(tmp_path, clock, per_minute=3)
    made = []
    for _ in range(7):
        limited.spend()
        made.append((clock.moment - NOON).total_seconds())
        clock.moment += timedelta(seconds=1)
    assert made == [0, 1, 2, 60, 61, 62, 120]


def test_a_restart_and_a_second_process_remember_what_was_spent(tmp_path: Path, clock: Clock) -> None:
    for spent in range(5):
        limited = budget(tmp_path, clock, per_minute=2, per_month=5)
        assert limited.credits_left() == 5 - spent
        limited.spend()
    assert clock.slept == [60.0, 60.0]
    with pytest.raises(CreditsSpent, match=r"5 credits.*2026-12-01.*COINGECKO_CREDITS_PER_MONTH"):
        budget(tmp_path, clock, per_month=5).spend()
    assert budget(tmp_path, clock, per_month=6).credits_left() == 1


def test_a_new_month_has_new_credits_but_the_same_minute(tmp_path: Path, clock: Clock) -> None:
    clock.moment = MONTHS_END - timedelta(seconds=10)
    limited = budget(tmp_path, clock, per_minute=2, per_month=2)
    limited.spend()
    limited.spend()
    clock.moment = MONTHS_END
    assert limited.credits_left() == 2
    limited.spend()
    assert clock.slept == [50.0]
    assert limited.credits_left() == 1


def test_credits_are_spread_over_what_is_left_of_the_month(tmp_path: Path, clock: Clock) -> None:
    limited = budget(tmp_path, clock, per_month=100)
    seconds_left = (MONTHS_END - NOON).total_seconds()
    assert limited.seconds_per_poll(calls=2) == seconds_left * 2 / 100
    for _ in range(99):
        limited.spend()
    assert limited.seconds_per_poll(calls=1) == seconds_left
    assert limited.seconds_per_poll(calls=2) == seconds_left
    assert budget(tmp_path, clock).seconds_per_poll(calls=2) == 0


def test_polls_are_left_out_so_that_the_credits_last_and_the_log_says_so(
    tmp_path: Path, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    limited = budget(tmp_path, clock, per_month=100)
    pace = Pace(limited, calls=1, wanted=30.0)
    polls = 0
    while clock.moment < MONTHS_END:
        if pace.is_due((clock.moment - NOON).total_seconds()):
            limited.spend()
            polls += 1
        clock.moment += timedelta(seconds=30)
    assert 95 <= polls <= 100
    assert caplog.messages[0] == (
        "a poll every 7344 s instead of 30 s: 100 credits are left this month (COINGECKO_CREDITS_PER_MONTH)"
    )
    clock.moment = MONTHS_END + timedelta(minutes=20)
    assert pace.is_due((clock.moment - NOON).total_seconds())


def poll(limited: Budget, url: str, clock: Clock) -> None:
    client = CoinGeckoClient(
        requests.Session(), base_url=url, before_call=limited.spend, sleep=clock.sleep, now=clock.now
    )
    client.markets(MarketsRequest(("usd",), ("bitcoin",)))


def noted(folder: Path) -> tuple[int, int]:
    """How many calls, and how many of them have given their credit back."""
    counts = "select (select count(*) from calls), (select count(*) from given_back)"
    calls, given_back = sqlite3.connect(calls_file(folder)).execute(counts).fetchone()
    return calls, given_back


def test_an_outage_costs_no_credits(tmp_path: Path, clock: Clock) -> None:
    limited = budget(tmp_path, clock, per_minute=30, per_month=10_000)
    with pytest.raises(Unreachable):
        poll(limited, "http://127.0.0.1:1/api/v3", clock)
    assert noted(tmp_path) == (5, 5)
    assert limited.credits_left() == 10_000


def test_only_an_answer_costs_a_credit_and_every_call_counts_for_the_minute(
    server: ScriptedServer, tmp_path: Path, clock: Clock
) -> None:
    server.replies = [Reply(b"slow down", 429), Reply(b"slow down", 429), coins("bitcoin")]
    limited = budget(tmp_path, clock, per_minute=3, per_month=10_000)
    poll(limited, server.url, clock)
    assert noted(tmp_path) == (3, 2)
    assert limited.credits_left() == 9_999
    waited = len(clock.slept)
    limited.spend()
    assert len(clock.slept) == waited + 1


@pytest.mark.parametrize("reply", [Reply(b"[{", cut=True), Reply(b"<html>")])
def test_what_may_have_been_an_answer_costs_a_credit(
    server: ScriptedServer, tmp_path: Path, clock: Clock, reply: Reply
) -> None:
    server.replies = [reply, coins("bitcoin")]
    limited = budget(tmp_path, clock, per_month=10_000)
    with contextlib.suppress(BadAnswer):
        poll(limited, server.url, clock)
    calls, given_back = noted(tmp_path)
    assert calls > given_back == 0


def test_a_poller_of_an_earlier_release_shares_the_file(tmp_path: Path, clock: Clock) -> None:
    calls_file(tmp_path).parent.mkdir()
    with sqlite3.connect(calls_file(tmp_path)) as earlier:
        earlier.execute("create table calls (plan text not null, called_at real not null)")
    limited = budget(tmp_path, clock, per_month=10)
    for left in (8, 6):
        limited.spend()()
        with sqlite3.connect(calls_file(tmp_path)) as earlier:
            earlier.execute("insert into calls values ('demo', ?)", (NOON.timestamp(),))
        limited.spend()
        assert limited.credits_left() == left
    assert noted(tmp_path) == (6, 2)


def test_a_credit_is_given_back_to_its_own_month_and_forgotten_with_it(tmp_path: Path, clock: Clock) -> None:
    clock.moment = MONTHS_END - timedelta(minutes=5)
    limited = budget(tmp_path, clock, per_month=10)
    give_back = limited.spend()
    limited.spend()()
    clock.moment = MONTHS_END
    give_back()
    assert limited.credits_left() == 10
    clock.moment += MINUTE
    limited.spend()
    assert noted(tmp_path) == (1, 0)
    assert limited.credits_left() == 9


def test_a_credit_that_is_given_back_after_the_clock_was_set_back_is_the_same(tmp_path: Path, clock: Clock) -> None:
    limited = budget(tmp_path, clock, per_month=10)
    give_back = limited.spend()
    clock.moment -= timedelta(hours=1)
    limited.spend()
    give_back()
    limited.spend()
    assert limited.credits_left() == 8


def test_without_limits_nothing_is_kept(tmp_path: Path, clock: Clock) -> None:
    free = budget(tmp_path, clock)
    free.spend()
    assert free.credits_left() is None
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_cannot_be_used_is_named_with_what_to_do(tmp_path: Path, clock: Clock) -> None:
    (tmp_path / "new").write_text("in the way")
    limited = budget(tmp_path, clock, per_month=10)
    with pytest.raises(CallsNotKept, match=r"calls\.sqlite.*COINGECKO_CALLS_PER_MINUTE"):
        limited.spend()
    assert Pace(limited, calls=1, wanted=30.0).is_due(0.0)


@pytest.mark.parametrize(
    ("settings", "limits"),
    [
        ({}, Limits(5, 0)),
        ({"coingecko_plan": "demo"}, Limits(30, 10_000)),
        ({"coingecko_plan": "pro"}, Limits(250, 0)),
        ({"coingecko_plan": "demo", "coingecko_base_url": "http://127.0.0.1:8900/api/v3"}, Limits(0, 0)),
        ({"coingecko_plan": "demo", "coingecko_calls_per_minute": 0, "coingecko_credits_per_month": 7}, Limits(0, 7)),
    ],
)
def test_limits_are_those_of_the_plan_unless_they_are_set(settings: dict[str, object], limits: Limits) -> None:
    assert Limits.of(Settings(_env_file=None, **settings)) == limits


def test_a_clock_that_is_set_back_keeps_nobody_waiting_for_longer_than_a_minute(tmp_path: Path, clock: Clock) -> None:
    limited = budget(tmp_path, clock, per_minute=2, per_month=5)
    limited.spend()
    limited.spend()
    clock.moment -= timedelta(hours=1)
    limited.spend()
    assert clock.slept == [60.0]
    assert limited.credits_left() == 2
