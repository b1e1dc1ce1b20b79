"""The charts of the simulator over real HTTP: the same market as its `/coins/markets`, as fine as CoinGecko's."""

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pytest
import requests

from simulator.app import create_app
from simulator.clock import MarketClock
from simulator.market import Market
from tests.unit.simulator.fake_time import NOON, FakeTime
from tests.unit.simulator.running_simulator import running_simulator

DAY = 86_400
KINDS = ("prices", "market_caps", "total_volumes")


@pytest.fixture(scope="module")
def clock() -> FakeTime:
    return FakeTime()


@pytest.fixture(autouse=True)
def _noon(clock: FakeTime) -> None:
    clock.seconds = NOON


@pytest.fixture(scope="module")
def base_url(clock: FakeTime) -> Iterator[str]:
    """A market that has every oddity."""
    with running_simulator("", market=create_app(Market(seed=7, count=60), MarketClock(clock))) as url:
        yield url


def get(base_url: str, coin: str = "bitcoin", **parameters: Any) -> requests.Response:
    asked = {"vs_currency": "usd", "from": int(NOON - DAY), "to": int(NOON)} | parameters
    return requests.get(f"{base_url}/coins/{coin}/market_chart/range", params=asked, timeout=60)


def chart(base_url: str, days_ago: float, until_days_ago: float, **parameters: Any) -> dict[str, list[list[Any]]]:
    period = {"from": int(NOON - days_ago * DAY), "to": int(NOON - until_days_ago * DAY)}
    body = get(base_url, **period, **parameters).json()
    assert set(body) == set(KINDS)
    assert body["prices"]
    return dict(body)


def test_a_chart_says_what_coins_markets_said_at_its_moments(base_url: str, clock: FakeTime) -> None:
    coins = [row["id"] for row in market(base_url)]
    charts = {coin: chart(base_url, 2.02, 1.9, coin=coin) for coin in coins}
    moments = [time for time, _ in charts["bitcoin"]["prices"]]
    assert len(moments) == 3
    for at, moment in enumerate(moments):
        clock.seconds = moment / 1000
        then = {row["id"]: [row["current_price"], row["market_cap"], row["total_volume"]] for row in market(base_url)}
        assert then == {coin: [charts[coin][kind][at][1] for kind in KINDS] for coin in coins}
    values = [pair[1] for coin in coins for kind in KINDS for pair in charts[coin][kind]]
    assert None in values


def market(base_url: str) -> list[dict[str, Any]]:
    rows = requests.get(f"{base_url}/coins/markets", params={"vs_currency": "usd"}, timeout=10).json()
    assert len(rows) == 60
    return list(rows)


@pytest.mark.parametrize(
    ("days_ago", "until_days_ago", "seconds", "samples"),
    [
        (0.99, 0, 300, 285),  # the last day, up to now
        (0.99, 0.5, 3600, 12),  # a part of it that ended before
        (1.5, 0.5, 3600, 24),
        (1.01, 0, 3600, 24),
        (100, 97, 3600, 72),
        (99, 9, 3600, 2160),
        (99, 8.9, 86_400, 90),
    ],
)
def test_how_fine_a_chart_is_goes_by_its_length_and_its_end(
    base_url: str, days_ago: float, until_days_ago: float, seconds: int, samples: int
) -> None:
    body = chart(base_url, days_ago, until_days_ago)
    times = [[time for time, _ in body[kind]] for kind in KINDS]
    assert times[0] == times[1] == times[2] == sorted(set(times[0]))
    assert len(times[0]) == pytest.approx(samples, abs=1)
    assert all(abs(later - earlier - 1000 * seconds) <= 30_000 for earlier, later in pairwise(times[0]))
    assert 1000 * (NOON - days_ago * DAY) - 1000 <= times[0][0]
    assert times[0][-1] <= 1000 * (NOON - until_days_ago * DAY)
    assert seconds != DAY or all(time % (1000 * DAY) == 0 for time in times[0])


def test_precision_is_that_of_coins_markets(base_url: str) -> None:
    full = chart(base_url, 0.5, 0.4, precision="full")["prices"][0][1]
    assert chart(base_url, 0.5, 0.4)["prices"][0][1] == round(full) != full


def test_the_future_has_no_samples_and_a_period_that_ends_before_it_begins_has_none(base_url: str) -> None:
    assert chart(base_url, 0.5, -30)["prices"][-1][0] <= 1000 * NOON
    assert get(base_url, **{"from": int(NOON), "to": int(NOON - DAY)}).json() == {kind: [] for kind in KINDS}


@pytest.mark.parametrize(
    ("coin", "parameters", "status", "error"),
    [
        ("no-such-coin", {}, 404, "coin not found"),
        ("bitcoin", {"vs_currency": None}, 422, "Missing parameter vs_currency"),
        ("bitcoin", {"vs_currency": "xyz"}, 422, "invalid vs_currency"),
        ("bitcoin", {"from": None}, 422, "Missing parameter from"),
        ("bitcoin", {"to": " "}, 422, "Missing parameter to"),
        ("bitcoin", {"from": "yesterday"}, 422, "invalid from"),
        ("bitcoin", {"to": "9" * 5000}, 422, "invalid to"),
    ],
)
def test_what_cannot_be_answered(
    base_url: str, coin: str, parameters: dict[str, str | None], status: int, error: str
) -> None:
    answer = get(base_url, coin, **parameters)
    assert (answer.status_code, answer.json()) == (status, {"error": error})


def test_no_more_than_a_year_back(base_url: str) -> None:
    assert get(base_url, **{"from": int(NOON - 365 * DAY), "to": int(NOON - 364 * DAY)}).status_code == 200
    answer = get(base_url, **{"from": int(NOON - 365 * DAY - 1)})
    assert answer.status_code == 401
    assert answer.json()["error"]["status"]["error_code"] == 10012


def test_a_repeated_answer_is_that_of_the_same_coin(clock: FakeTime) -> None:
    with running_simulator("repeated=1", market=create_app(Market(seed=7, count=5), MarketClock(clock))) as url:
        bitcoin, ethereum = (get(url, coin).content for coin in ("bitcoin", "ethereum"))
        clock.seconds += 3600
        assert [get(url, coin).content for coin in ("bitcoin", "ethereum")] == [bitcoin, ethereum]
    assert bitcoin != ethereum
