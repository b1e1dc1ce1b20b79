"""Everything that the simulator can do wrong, over real HTTP, met by the client that the poller uses."""

from collections import Counter
from datetime import datetime, timedelta
from itertools import count, groupby, pairwise

import pytest
import requests
import typer
from typer.testing import CliRunner

import simulator.__main__
from ingestion.coingecko import answers
from ingestion.coingecko import client as coingecko
from ingestion.coingecko.client import CoinGeckoClient
from ingestion.coingecko.markets import MarketsRequest, Row
from ingestion.exceptions import BadAnswer, CoinGeckoError, RateLimited, ServerTrouble, Unreachable
from simulator.app import create_app
from simulator.clock import MarketClock
from simulator.faults import STORM_REQUESTS, Fault, FaultPlan, UnknownFaultError
from simulator.market import Market
from tests.unit.simulator.running_simulator import NOON, running_simulator

REQUEST = MarketsRequest(("usd",), top_n=40)
WAITED_FOR = {Fault.NO_ANSWER, Fault.SLOW_DRIP}


@pytest.fixture
def short_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(coingecko, "READ_TIMEOUT_SECONDS", 0.3)
    monkeypatch.setattr(answers, "LONGEST_ANSWER_SECONDS", 0.5)


def ask(url: str, slept: list[float] | None = None) -> list[Row]:
    sleep = (slept if slept is not None else []).append
    return CoinGeckoClient(requests.Session(), base_url=url, sleep=sleep).markets(REQUEST).rows["usd"]


def rows_with(fault: Fault) -> list[Row]:
    with running_simulator(f"{fault}=1") as url:
        return ask(url)


@pytest.fixture(scope="module")
def right() -> list[Row]:
    with running_simulator("") as url:
        return ask(url)


@pytest.mark.parametrize(
    ("fault", "expected", "tries"),
    [
        (Fault.RATE_LIMITED, RateLimited, 5),
        (Fault.SERVER_ERROR, ServerTrouble, 5),
        (Fault.NO_ANSWER, Unreachable, 5),
        (Fault.SLOW_DRIP, Unreachable, 5),
        (Fault.CUT_OFF, Unreachable, 5),
        (Fault.GARBAGE, BadAnswer, 1),
        (Fault.WRONG_SHAPE, BadAnswer, 1),
        (Fault.HUGE, BadAnswer, 1),
    ],
)
def test_a_fault_that_stays_costs_the_poll_its_own_error(
    fault: Fault, expected: type[CoinGeckoError], tries: int, request: pytest.FixtureRequest
) -> None:
    if fault in WAITED_FOR:  # the others get all the time that a busy machine may take
        request.getfixturevalue("short_patience")
    slept: list[float] = []
    with running_simulator(f"{fault}=1") as url, pytest.raises(expected):
        ask(url, slept)
    assert len(slept) == tries - 1
    assert fault is not Fault.RATE_LIMITED or all(seconds >= 1 for seconds in slept)


@pytest.mark.usefixtures("short_patience")
def test_faults_that_pass_cost_nothing(right: list[Row]) -> None:
    passing = ("rate_limited", "server_error", "no_answer", "slow_drip", "cut_off")
    slept: list[float] = []
    with running_simulator(",".join(f"{fault}=0.1" for fault in passing)) as url:
        for _ in range(12):
            assert ask(url, slept) == right
    assert len(slept) > 3


def test_faults_of_rows(right: list[Row]) -> None:
    assert [row["id"] for row in rows_with(Fault.MISSING_IDS)] == [row["id"] for at, row in enumerate(right) if at % 10]
    assert [row["current_price"] for row in rows_with(Fault.NULL_PRICES)] == [
        row["current_price"] if at % 10 else None for at, row in enumerate(right)
    ]
    assert rows_with(Fault.ODD_ROW)[:-1] == right[:-1]
    assert rows_with(Fault.ODD_ROW)[-1]["current_price"] == "much"


@pytest.mark.parametrize(("fault", "minutes"), [(Fault.CLOCK_AHEAD, 5), (Fault.REVERSED, -10)])
def test_faults_of_the_clock(right: list[Row], fault: Fault, minutes: int) -> None:
    def later(text: str) -> datetime:
        return datetime.fromisoformat(text) + timedelta(minutes=minutes)

    for wrong, row in zip(rows_with(fault), right, strict=True):
        assert wrong | {"last_updated": None} == row | {"last_updated": None}
        if row["last_updated"]:
            assert datetime.fromisoformat(wrong["last_updated"]) == later(row["last_updated"])


def test_a_repeated_answer_is_that_of_before() -> None:
    moments = count(NOON.timestamp(), 600)
    market = create_app(Market(seed=7, count=40), MarketClock(lambda: next(moments)))
    with running_simulator("repeated=0.5", seed=3, market=market) as url:
        seen = [ask(url) for _ in range(12)]
    plan = FaultPlan.read("repeated=0.5", 3)
    expected = [plan.fault_of(number) is not None for number in range(1, 12)]
    assert [before == after for before, after in pairwise(seen)] == expected
    assert 0 < sum(expected) < 11


def test_an_answer_from_long_ago_is_forgotten() -> None:
    """As many as there is room for are kept; a backfill asks for another period each time."""
    moments = count(NOON.timestamp(), 600)
    market = create_app(Market(seed=7, count=40), MarketClock(lambda: next(moments)))

    def price(currency: str) -> float:
        asked = {"vs_currency": currency, "ids": "bitcoin"}
        return float(requests.get(f"{url}/coins/markets", params=asked, timeout=10).json()[0]["current_price"])

    with running_simulator("repeated=1", market=market, kept_bytes=1_200) as url:  # one coin takes 800
        first = price("usd")
        assert price("usd") == first
        price("eur")
        assert price("usd") != first


def test_the_same_seed_meets_the_same_faults_about_as_often_as_planned() -> None:
    plan = FaultPlan.read("all=0.02", 1)
    faults = [plan.fault_of(number) for number in range(2000)]
    assert faults == [FaultPlan.read("all=0.02", 1).fault_of(number) for number in range(2000)]
    assert faults != [FaultPlan.read("all=0.02", 2).fault_of(number) for number in range(2000)]
    counts = Counter(faults)
    assert all(10 <= counts[fault] <= 90 for fault in Fault)
    storms = [len(list(group)) for fault, group in groupby(faults) if fault is Fault.RATE_LIMITED]
    assert all(length % STORM_REQUESTS == 0 for length in storms)


@pytest.mark.parametrize("text", ["nonsense=0.1", "cut_off", "cut_off=2", "cut_off=-0.1", "cut_off=often"])
def test_a_plan_that_cannot_be_read_names_what_it_may_hold(text: str) -> None:
    with pytest.raises(UnknownFaultError, match="rate_limited"):
        FaultPlan.read(text, 1)
    command = typer.Typer()
    command.command()(simulator.__main__.main)
    done = CliRunner().invoke(command, ["--port", "0", "--coins", "1", "--faults", text])
    assert done.exit_code == 1
    assert text in done.stderr
    assert isinstance(done.exception, SystemExit)
