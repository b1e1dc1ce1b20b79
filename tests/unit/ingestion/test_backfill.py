"""A backfill from HTTP to the producer: the simulator is real, the producer is a recorder, noon is now."""

import io
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
from rich.console import Console
from starlette.types import ASGIApp, Receive, Scope, Send

from coinloom.clock import iso_milliseconds
from coinloom.errors import WrongSetting
from coinloom.settings import Settings
from commands.backfill import backfill_period
from ingestion.backfill.backfill import BackfillSummary
from ingestion.backfill.checkpoint import Checkpoint
from ingestion.backfill.run import run_backfill
from ingestion.coingecko.budget import Budget, Limits
from ingestion.coingecko.spans import RECENT_MS, Series, Span, milliseconds
from ingestion.exceptions import (
    CreditsSpent,
    NotAcknowledged,
    RequestRefused,
    ServerTrouble,
    Unreachable,
    WrongKeyOrPlan,
)
from simulator.app import create_app
from simulator.clock import MarketClock
from simulator.market import Market
from tests.unit.ingestion.recording_producer import RecordingProducer, Sent, acknowledge, time_out
from tests.unit.ingestion.scripted_server import KEY, Reply, ScriptedServer
from tests.unit.simulator.running_simulator import NOON, running_simulator

Rows = list[tuple[str, str, str, float]]

MARKET = Market(seed=7, count=5)
SAMPLES_OF_TWO_DAYS = 24 + 287  # one an hour of the first day and 10 minutes, one every 5 minutes of the rest


class Recorded:
    """An application, and the paths and queries that it was asked for."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self.asked: list[tuple[str, str]] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.asked.append((scope["path"], scope["query_string"].decode()))
        await self.app(scope, receive, send)


class Bench:
    """Backfills of one COINLOOM_HOME from one simulator, at a moment that the test moves."""

    def __init__(self, url: str, home: Path) -> None:
        self.asked: list[tuple[str, str]] = []
        self.moment = NOON
        self.producer = RecordingProducer()
        self.slept: list[float] = []
        self.sleep: Callable[[float], None] = self.slept.append
        self.stop = threading.Event()
        self.settings: dict[str, Any] = {
            "coingecko_base_url": url,
            "coinloom_home": home,
            "coingecko_ids": ["bitcoin", "ethereum"],
        }

    def run(self, days: float = 2, until: float = 0, again: bool = False, **settings: Any) -> BackfillSummary:
        """A period that began so many days before noon, and ended `until` days before now."""
        return run_backfill(
            Settings(_env_file=None, **(self.settings | settings)),
            Span(milliseconds(NOON - timedelta(days=days)), milliseconds(self.moment - timedelta(days=until))),
            stop=self.stop,
            again=again,
            session=requests.Session(),
            producer=self.producer,
            now=lambda: self.moment,
            sleep=self.sleep,
        )

    def sleep_through(self, seconds: float) -> None:
        self.moment += timedelta(seconds=seconds)

    @property
    def values(self) -> list[dict[str, Any]]:
        return [json.loads(message.body) for message in self.producer.sent]

    def taken(self) -> Rows:
        """What was sent, by its key; each key has to be there once. Forgets it."""
        rows = sorted((row["coin_id"], row["vs_currency"], row["last_updated_at"], row["price"]) for row in self.values)
        assert len({row[:3] for row in rows}) == len(rows)
        self.producer.sent.clear()
        return rows


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    with bench_with(tmp_path, "") as made:
        yield made


@contextmanager
def bench_with(home: Path, faults: str) -> Iterator[Bench]:
    made: list[Bench] = []
    market = Recorded(create_app(MARKET, MarketClock(lambda: made[0].moment.timestamp() if made else NOON.timestamp())))
    with running_simulator(faults, market=market) as url:
        made.append(Bench(url, home))
        made[0].asked = market.asked
        yield made[0]


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Rows:
    with bench_with(tmp_path_factory.mktemp("home"), "") as bench:
        bench.run()
        return bench.taken()


def test_a_sample_becomes_a_message_as_a_live_row_does(bench: Bench) -> None:
    summary = bench.run()
    assert summary.is_complete
    assert (summary.chunks, summary.chunks_done, summary.bad_samples) == (4, 4, 0)
    assert summary.rows_sent == len(bench.producer.sent) == pytest.approx(2 * SAMPLES_OF_TWO_DAYS, abs=4)
    assert {message.key for message in bench.producer.sent} == {b"bitcoin", b"ethereum"}
    assert {message.topic for message in bench.producer.sent} == {"crypto-prices"}
    assert {message.headers["source"] for message in bench.producer.sent} == {b"backfill"}
    assert {message.headers["schema-version"] for message in bench.producer.sent} == {b"1.0"}
    assert len({message.headers["poll-id"] for message in bench.producer.sent}) == 4
    row = bench.values[-1]
    assert list(row) == list(bench.values[0])
    bench.moment = datetime.fromisoformat(row["last_updated_at"])
    live = requests.get(
        f"{bench.settings['coingecko_base_url']}/coins/markets",
        params={"vs_currency": "usd", "ids": "ethereum", "precision": "full"},
        timeout=10,
    ).json()[0]
    assert row == {
        "coin_id": "ethereum",
        "symbol": None,
        "name": None,
        "vs_currency": "usd",
        "price": live["current_price"],
        "market_cap": live["market_cap"],
        "market_cap_rank": None,
        "volume_24h": live["total_volume"],
        "high_24h": None,
        "low_24h": None,
        "price_change_24h_pct": None,
        "last_updated_at": row["last_updated_at"],
        "fetched_at": iso_milliseconds(NOON),
    }


def test_every_currency_and_as_few_requests_as_it_takes(bench: Bench) -> None:
    bench.run(days=100, until=2, coingecko_ids=["bitcoin"], coingecko_vs_currencies=["USD", "eur"])
    assert len(set(bench.asked)) == 2 * 2  # a busy machine may have read one of them twice
    assert all("precision=full" in query for _, query in bench.asked)
    per_currency = [sum(row["vs_currency"] == currency for row in bench.values) for currency in ("usd", "eur")]
    assert per_currency == [98 * 24, 98 * 24]
    assert len(bench.taken()) == 2 * 98 * 24


def test_stopped_in_the_middle_and_begun_again_it_sends_the_rest_and_nothing_twice(
    bench: Bench, undisturbed: Rows
) -> None:
    def stop_after_the_first(sent: list[Sent]) -> None:
        acknowledge(sent)
        bench.stop.set()

    bench.producer.on_flush = stop_after_the_first
    summary = bench.run()
    assert (summary.chunks_done, summary.chunks, summary.is_stopped, summary.is_complete) == (1, 4, True, False)
    assert 0 < len(bench.producer.sent) < len(undisturbed)
    bench.stop.clear()
    bench.producer.on_flush = acknowledge
    assert bench.run().chunks == 3
    assert bench.taken() == undisturbed
    assert len(bench.asked) == 4


def test_what_is_done_is_not_asked_for_again_unless_that_is_wanted(bench: Bench, undisturbed: Rows) -> None:
    bench.run(until=0.5)
    first = bench.taken()
    assert bench.run(until=0.5) == BackfillSummary()
    assert len(bench.asked) == 4
    assert bench.run(until=0.5, again=True).rows_sent == len(first)
    assert bench.taken() == first
    assert bench.run(until=0).chunks == 2
    assert sorted(first + bench.taken()) == undisturbed


def test_a_run_again_that_was_stopped_goes_on_without_the_option(bench: Bench) -> None:
    bench.run(until=0.5)
    first = bench.taken()
    bench.stop.set()
    assert bench.run(until=0.5, again=True).is_stopped
    bench.stop.clear()
    assert bench.run(until=0.5).rows_sent == len(first)


def test_what_reaches_into_the_present_is_done_up_to_its_last_sample(bench: Bench) -> None:
    bench.run(coingecko_ids=["bitcoin"])
    before = bench.taken()
    assert bench.run(coingecko_ids=["bitcoin"]) == BackfillSummary()
    bench.moment = NOON + timedelta(hours=1)
    bench.run(coingecko_ids=["bitcoin"])
    after = bench.taken()
    assert len(after) == pytest.approx(12, abs=1)
    assert max(before) < min(after)
    bench.moment = NOON + timedelta(days=1, hours=10)
    bench.run(coingecko_ids=["bitcoin"])
    assert len(bench.taken()) == pytest.approx(9 + 287, abs=2)


def test_a_span_that_is_too_short_for_a_sample_is_done_without_one(server: ScriptedServer, tmp_path: Path) -> None:
    server.replies = [Reply(b'{"prices":[]}')]
    bench = Bench(server.url, tmp_path)
    for chunks in (1, 0):
        assert bench.run(days=2, until=1.95, coingecko_ids=["bitcoin"]) == BackfillSummary(chunks, chunks)


NEARLY_A_DAY = timedelta(milliseconds=RECENT_MS) / timedelta(days=1)
NOT_YET = Reply(b"slow down", 429, {"Retry-After": "900"})


def every(minutes: int) -> Reply:
    """The prices of the last day before noon, so far apart."""
    times = range(milliseconds(NOON - timedelta(days=1)), milliseconds(NOON), minutes * 60_000)
    return Reply(json.dumps({"prices": [[time, 1] for time in times]}).encode())


def test_the_last_day_that_came_late_is_asked_for_again(server: ScriptedServer, tmp_path: Path) -> None:
    """CoinGecko let us wait for 15 minutes; what was asked for was no longer the last day up to now."""
    server.replies = [NOT_YET, every(60), every(5), Reply(b"<html>")]
    bench = Bench(server.url, tmp_path)
    bench.sleep = bench.sleep_through
    assert bench.run(days=NEARLY_A_DAY, coingecko_ids=["bitcoin"]).failed_chunks == 1
    start = milliseconds(NOON) - RECENT_MS
    moved = start + 900_000
    checkpoint = Checkpoint.of(Settings(_env_file=None, **bench.settings))
    assert [span.start_ms for span in checkpoint.spans(Series("bitcoin", "usd"))] == [moved]
    assert asked_from(server) == [start, start, moved, start]
    assert len(bench.taken()) == (milliseconds(NOON) - moved) // 300_000
    server.replies = [every(60)]
    assert bench.run(days=NEARLY_A_DAY, coingecko_ids=["bitcoin"]).is_complete
    assert asked_from(server)[4] == start


def asked_from(server: ScriptedServer) -> list[int]:
    """Of each request the beginning of its period, in ms."""
    return [int(asked.query["from"]) * 1000 for asked in server.asked]


def test_a_wait_for_what_is_older_makes_the_last_day_not_late(server: ScriptedServer, tmp_path: Path) -> None:
    """An hour passes with the first coin; then the last day of the second one is cut in two."""
    server.replies = [Reply(b"slow down", 429, {"Retry-After": "3600"}), every(60), every(5)]
    server.replies += [every(5), every(5), NOT_YET, every(60)]
    bench = Bench(server.url, tmp_path)
    bench.sleep = bench.sleep_through
    assert bench.run(days=NEARLY_A_DAY).chunks_done == 2
    start = milliseconds(NOON) - RECENT_MS
    moved = start + 3_600_000
    assert asked_from(server) == [start, start, moved, start, moved, start, start]
    assert len(bench.taken()) == 2 * ((milliseconds(NOON) - moved) // 300_000) + 12 + 1


def test_nobody_is_asked_for_the_last_day_for_ever(server: ScriptedServer, tmp_path: Path) -> None:
    server.replies = [NOT_YET, every(60), NOT_YET, every(60), every(5)]
    bench = Bench(server.url, tmp_path)
    bench.sleep = bench.sleep_through
    summary = bench.run(days=NEARLY_A_DAY, coingecko_ids=["bitcoin"])
    assert (summary.failed_chunks, summary.chunks_done) == (1, 0)
    assert len(server.asked) == 4


def test_what_kafka_has_not_confirmed_is_sent_again(bench: Bench, undisturbed: Rows) -> None:
    bench.producer.on_flush = time_out
    with pytest.raises(NotAcknowledged, match="KAFKA_BOOTSTRAP_SERVERS"):
        bench.run()
    bench.producer.sent.clear()
    bench.producer.on_flush = acknowledge
    bench.run()
    assert bench.taken() == undisturbed


def test_calls_come_out_of_the_budget_of_the_polls(bench: Bench, undisturbed: Rows) -> None:
    limits = {"coingecko_credits_per_month": 3}
    settings = Settings(_env_file=None, **(bench.settings | limits))
    budget = Budget(settings.calls_file, settings.coingecko_plan, Limits.of(settings), now=lambda: NOON)
    with pytest.raises(CreditsSpent, match="COINGECKO_CREDITS_PER_MONTH"):
        bench.run(**limits)
    assert budget.credits_left() == 0
    assert len(bench.asked) == 3
    assert bench.run(coingecko_credits_per_month=4).chunks == 1
    assert bench.taken() == undisturbed


def test_an_unknown_coin_is_named_and_the_others_go_on(bench: Bench) -> None:
    summary = bench.run(coingecko_ids=["no such-coin", "bitcoin"], coingecko_vs_currencies=["usd", "eur"])
    assert summary.unknown_coins == ["no such-coin"]
    assert not summary.is_complete
    assert ["/bitcoin/" in path for path, _ in bench.asked] == [False] + [True] * 4
    assert {row["coin_id"] for row in bench.values} == {"bitcoin"}
    assert summary.chunks_done == 4


def test_a_currency_that_is_none_ends_the_backfill(bench: Bench) -> None:
    with pytest.raises(RequestRefused, match=r"invalid vs_currency.*COINGECKO_VS_CURRENCIES"):
        bench.run(coingecko_vs_currencies=["dollars"])
    assert len(bench.asked) == 1


@pytest.mark.parametrize(
    ("settings", "complaint"),
    [
        ({"coingecko_base_url": ""}, "COINGECKO_PLAN=keyless reaches 365 days back, to 2025-05-18T12:00Z: .* --from"),
        ({"coingecko_ids": []}, "--ids, or set COINGECKO_IDS"),
        ({"coingecko_vs_currencies": []}, "COINGECKO_VS_CURRENCIES"),
    ],
)
def test_what_cannot_be_asked_for_is_said_before_the_first_request(
    bench: Bench, settings: dict[str, Any], complaint: str
) -> None:
    with pytest.raises(WrongSetting, match=complaint):
        bench.run(days=366, **settings)
    assert bench.asked == []


def test_too_long_ago_for_the_server_ends_the_backfill_at_once(bench: Bench) -> None:
    with pytest.raises(WrongKeyOrPlan, match="ask for a later --from"):
        bench.run(days=366)
    assert len(bench.asked) == 1


def test_a_coin_without_prices_for_a_span_is_told_and_asked_for_again(server: ScriptedServer, tmp_path: Path) -> None:
    server.replies = [Reply(b'{"prices":[],"market_caps":[],"total_volumes":[]}')]
    bench = Bench(server.url, tmp_path)
    for _ in range(2):
        summary = bench.run(days=3, until=2, coingecko_ids=["bitcoin"])
        assert summary.empty_spans == ["bitcoin in usd, 2026-05-15T12:00Z to 2026-05-16T12:00Z"]
        assert summary.is_complete
    assert len(server.asked) == 2


def test_a_wrong_key_ends_the_backfill_at_once_and_is_shown_nowhere(server: ScriptedServer, tmp_path: Path) -> None:
    server.replies = [Reply(f'{{"error": "the key {KEY} is wrong"}}'.encode(), 401)]
    with pytest.raises(WrongKeyOrPlan, match="COINGECKO_API_KEY") as caught:
        Bench(server.url, tmp_path).run(coingecko_plan="demo", coingecko_api_key=KEY)
    assert KEY not in str(caught.value)
    assert server.asked[0].headers["x-cg-demo-api-key"] == KEY
    assert len(server.asked) == 1


@pytest.mark.parametrize(
    "bad",
    [
        "[{time}, null]",
        '[{time}, "much"]',
        "[{time}, true]",
        "[{time}, 0]",
        "[{time}, -1]",
        "[{time}, NaN]",
        "[{time}, 1e999]",
        "[{time}, {{}}]",
        '["yesterday", 1]',
        "[{time}]",
        "[{time}, 1, 2]",
        "null",
        "7",
        "[1.5, 1]",
    ],
)
def test_a_bad_sample_costs_only_itself(server: ScriptedServer, tmp_path: Path, bad: str) -> None:
    first = milliseconds(NOON - timedelta(days=3))
    samples = f"[{first},1.5],{bad.format(time=first + 1)},[{first + 2},2]"
    server.replies = [
        Reply(f'{{"prices":[{samples}],"market_caps":[[{first},9],[{first + 2},null]],"total_volumes":"?"}}'.encode())
    ]
    bench = Bench(server.url, tmp_path)
    summary = bench.run(days=3, until=2, coingecko_ids=["bitcoin"])
    assert [(row["price"], row["market_cap"], row["volume_24h"]) for row in bench.values] == [
        (1.5, 9, None),
        (2, None, None),
    ]
    assert (summary.rows_sent, summary.bad_samples, len(summary.first_bad_samples)) == (2, 1, 1)
    assert bench.run(days=3, until=2, coingecko_ids=["bitcoin"]).chunks == 0


def test_samples_outside_the_span_are_not_sent(server: ScriptedServer, tmp_path: Path) -> None:
    first, until = (milliseconds(NOON - timedelta(days=days)) for days in (3, 2))
    times = first - 1, first, until - 1, until, until + 10**15
    server.replies = [Reply(json.dumps({"prices": [[time, 1] for time in times]}).encode())]
    bench = Bench(server.url, tmp_path)
    bench.run(days=3, until=2, coingecko_ids=["bitcoin"])
    assert [row["last_updated_at"] for row in bench.values] == ["2026-05-15T12:00:00.000Z", "2026-05-16T11:59:59.999Z"]


@pytest.mark.parametrize("faults", ["rate_limited=0.3,server_error=0.2,cut_off=0.2", "garbage=0.3,wrong_shape=0.2"])
def test_whatever_fails_on_the_way_is_there_in_the_end(tmp_path: Path, undisturbed: Rows, faults: str) -> None:
    with bench_with(tmp_path, faults) as bench:
        failed = 0
        for _ in range(20):
            summary = bench.run()
            failed += summary.failed_chunks
            if summary.chunks == 0:
                break
        else:
            raise AssertionError("never done")
        assert bench.slept or failed
        assert bench.taken() == undisturbed


@pytest.mark.parametrize(
    ("fault", "bad", "sent"),
    [("null_prices", 3, 22), ("odd_row", 1, 24), ("missing_ids", 0, 22), ("clock_ahead", 0, 25), ("reversed", 0, 24)],
)
def test_faults_of_samples_cost_no_good_one(tmp_path: Path, fault: str, bad: int, sent: int) -> None:
    with bench_with(tmp_path, f"{fault}=1") as bench:
        summary = bench.run(days=2, until=1, coingecko_ids=["bitcoin"])
        assert (summary.bad_samples, summary.failed_chunks) == (bad, 0)
        assert summary.rows_sent == pytest.approx(sent, abs=1)


def test_three_failures_in_a_row_end_it(tmp_path: Path) -> None:
    with bench_with(tmp_path, "server_error=1") as bench:
        with pytest.raises(ServerTrouble):
            bench.run(coingecko_ids=["bitcoin", "ethereum", "solana"])
        assert len(bench.asked) == 0
        assert len(bench.slept) == 3 * 4


def test_nobody_there_ends_it(bench: Bench) -> None:
    with pytest.raises(Unreachable, match="COINGECKO_BASE_URL"):
        bench.run(coingecko_base_url="http://127.0.0.1:1/api/v3")


def test_the_report_names_what_is_not_on_the_topic(tmp_path: Path) -> None:
    with bench_with(tmp_path, "null_prices=1") as bench:
        settings = Settings(_env_file=None, **(bench.settings | {"coingecko_ids": ["avalanche", "bitcoin"]}))
        period = Span(milliseconds(NOON - timedelta(days=3)), milliseconds(NOON - timedelta(days=2)))
        lines = report_of(settings, period, bench)
        assert lines[0] == "21 rows sent to the topic crypto-prices, 1 of 2 parts."
        assert lines[1].startswith("bitcoin in usd: the price of 2026-05-15T12:00:")
        assert lines[1].endswith("Z is not a number above zero: None")
        assert lines[4:] == [
            "3 samples were left out.",
            "CoinGecko does not know avalanche: check the ids (avalanche, for one, is avalanche-2).",
        ]
        bench.stop.set()
        assert report_of(settings, period, bench)[-1].startswith("Stopped before the end. The same command")
        known = settings.model_copy(update={"coingecko_ids": ["bitcoin"]})
        assert report_of(known, period, bench)[0].startswith("Nothing to ask for")


def report_of(settings: Settings, period: Span, bench: Bench) -> list[str]:
    """The lines below the progress bar."""
    out = io.StringIO()
    backfill_period(settings, period, Console(file=out, width=160), stop=bench.stop, producer=bench.producer)
    return [line for line in out.getvalue().splitlines() if line and "━" not in line]


@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT])
def test_the_command_stops_cleanly_while_it_waits_for_a_broker(tmp_path: Path, stop: signal.Signals) -> None:
    """A process on its own, because only that has signals; it has no broker, so it waits for one."""
    environment = os.environ | {
        "COINLOOM_HOME": str(tmp_path),
        "KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:1",
        "PYTHONUNBUFFERED": "1",
    }
    yesterday = f"{datetime.now(UTC) - timedelta(days=1):%Y-%m-%d}"
    command = [
        sys.executable,
        "-c",
        "from commands.cli import app; app()",
        "backfill",
        "--ids",
        "bitcoin",
        "--from",
        yesterday,
    ]
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stderr is not None
        assert "no Kafka broker answers" in process.stderr.readline()
        process.send_signal(stop)
        out, err = process.communicate(timeout=30)
    assert process.returncode == 1
    assert "Stopped before the end. The same command goes on from there." in out
    assert "Traceback" not in err
