"""The simulator over real HTTP: on a free port of this machine, with a clock that the tests turn."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from email.utils import parsedate_to_datetime
from itertools import pairwise
from typing import Any

import pytest
import requests

from simulator.app import create_app
from simulator.clock import MarketClock
from simulator.market import Market
from tests.unit.simulator.fake_time import NOON, FakeTime
from tests.unit.simulator.running_simulator import served

NULLABLE_NUMBER, TEXT, NULLABLE_TEXT = (int, float, type(None)), (str,), (str, type(None))
FIELDS: dict[str, tuple[type, ...]] = {
    "id": TEXT,
    "symbol": TEXT,
    "name": TEXT,
    "image": TEXT,
    "current_price": NULLABLE_NUMBER,
    "market_cap": NULLABLE_NUMBER,
    "market_cap_rank": (int, type(None)),
    "fully_diluted_valuation": NULLABLE_NUMBER,
    "total_volume": NULLABLE_NUMBER,
    "high_24h": NULLABLE_NUMBER,
    "low_24h": NULLABLE_NUMBER,
    "price_change_24h": NULLABLE_NUMBER,
    "price_change_percentage_24h": NULLABLE_NUMBER,
    "market_cap_change_24h": NULLABLE_NUMBER,
    "market_cap_change_percentage_24h": NULLABLE_NUMBER,
    "circulating_supply": NULLABLE_NUMBER,
    "total_supply": NULLABLE_NUMBER,
    "max_supply": NULLABLE_NUMBER,
    "ath": NULLABLE_NUMBER,
    "ath_change_percentage": NULLABLE_NUMBER,
    "ath_date": NULLABLE_TEXT,
    "atl": NULLABLE_NUMBER,
    "atl_change_percentage": NULLABLE_NUMBER,
    "atl_date": NULLABLE_TEXT,
    "roi": (dict, type(None)),
    "last_updated": NULLABLE_TEXT,
}
TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


@pytest.fixture(scope="module")
def clock() -> FakeTime:
    return FakeTime()


@contextmanager
def serving(clock: FakeTime) -> Iterator[str]:
    """The base URL of a new market of 260 coins, served from a thread."""
    with served(create_app(Market(seed=7, count=260), MarketClock(clock)), server_header=False) as url:
        yield url


@pytest.fixture(scope="module")
def base_url(clock: FakeTime) -> Iterator[str]:
    with serving(clock) as url:
        yield url


@pytest.fixture(autouse=True)
def _noon(clock: FakeTime) -> None:
    clock.seconds = NOON


def get(base_url: str, **parameters: Any) -> requests.Response:
    return requests.get(f"{base_url}/coins/markets", params={"vs_currency": "usd"} | parameters, timeout=10)


def ids(base_url: str, **parameters: Any) -> list[str]:
    return [row["id"] for row in get(base_url, **parameters).json()]


def everything(base_url: str, **parameters: Any) -> list[dict[str, Any]]:
    pages = [get(base_url, per_page=250, page=page, **parameters).json() for page in (1, 2)]
    assert [len(page) for page in pages] == [250, 10]
    return pages[0] + pages[1]


def test_ping(base_url: str) -> None:
    answer = requests.get(f"{base_url}/ping", timeout=10)
    assert (answer.status_code, answer.json()) == (200, {"gecko_says": "(V3) To the Moon!"})


def test_every_row_has_the_fields_and_types_of_the_schema(base_url: str) -> None:
    rows = everything(base_url)
    for row in rows:
        assert list(row) == list(FIELDS)
        for field, types in FIELDS.items():
            assert isinstance(row[field], types), (row["id"], field, row[field])
        assert all(TIMESTAMP.fullmatch(row[field]) for field in ("ath_date", "atl_date"))
    dates = [row["last_updated"] for row in rows]
    assert dates.count(None) == 1
    assert all(TIMESTAMP.fullmatch(date) for date in dates if date)
    for field in ("market_cap", "market_cap_rank", "total_volume", "high_24h", "low_24h", "roi"):
        assert 0 < sum(row[field] is None for row in rows) < 260, field
    assert any(row["roi"] is not None and set(row["roi"]) == {"times", "currency", "percentage"} for row in rows)


def test_numbers_of_a_row_agree(base_url: str) -> None:
    checked = 0
    for row in everything(base_url, precision="full"):
        if row["current_price"] is None or row["price_change_24h"] is None or row["high_24h"] is None:
            continue
        assert row["low_24h"] <= row["current_price"] <= row["high_24h"] <= row["ath"]
        assert row["atl"] <= row["low_24h"]
        yesterday = row["current_price"] - row["price_change_24h"]
        assert row["price_change_percentage_24h"] == pytest.approx(100 * row["price_change_24h"] / yesterday, abs=1e-4)
        checked += 1
    assert checked > 240


def test_text_is_utf8_and_not_escaped(base_url: str) -> None:
    answer = get(base_url, ids="moon-rocket,the-longest-ticker")
    assert answer.headers["content-type"] == "application/json; charset=utf-8"
    assert "🚀".encode() in answer.content
    assert {row["symbol"] for row in answer.json()} >= {"🚀"}
    assert max(len(row["symbol"]) for row in answer.json()) == 50


def test_pages_hold_each_coin_once_at_one_moment(base_url: str) -> None:
    pages = [ids(base_url, per_page=40, page=page) for page in range(1, 9)]
    assert [len(page) for page in pages] == [40, 40, 40, 40, 40, 40, 20, 0]
    listed = [coin for page in pages for coin in page]
    assert len(set(listed)) == 260


@pytest.mark.parametrize(
    ("per_page", "rows"), [(None, 100), ("1", 1), ("250", 250), ("1000", 250), ("0", 100), ("x", 100)]
)
def test_per_page(base_url: str, per_page: str | None, rows: int) -> None:
    assert len(ids(base_url, per_page=per_page)) == rows


def test_ids_are_filtered_and_unknown_ones_are_absent(base_url: str) -> None:
    assert set(ids(base_url, ids="solana, no-such-coin,bitcoin")) == {"solana", "bitcoin"}
    assert ids(base_url, ids="no-such-coin") == []


@pytest.mark.parametrize(
    ("order", "field", "sign"),
    [
        (None, "market_cap", -1),
        ("market_cap_desc", "market_cap", -1),
        ("market_cap_asc", "market_cap", 1),
        ("volume_desc", "total_volume", -1),
        ("volume_asc", "total_volume", 1),
    ],
)
def test_order_by_value_with_nulls_last(base_url: str, order: str | None, field: str, sign: int) -> None:
    values = [row[field] for row in everything(base_url, order=order)]
    known = [value for value in values if value is not None]
    assert values == known + [None] * (len(values) - len(known))
    assert known == sorted(known, key=lambda value: sign * value)


def test_order_by_id(base_url: str) -> None:
    ascending = [row["id"] for row in everything(base_url, order="id_asc")]
    assert ascending == sorted(ascending)
    assert [row["id"] for row in everything(base_url, order="id_desc")] == ascending[::-1]


def test_precision(base_url: str) -> None:
    def price(**parameters: str) -> float:
        return float(get(base_url, ids="ethereum", **parameters).json()[0]["current_price"])

    full = price(precision="full")
    assert price(precision="0") == round(full) != full
    assert price(precision="5") == round(full, 5)
    assert price() == round(full, 2)


def test_currencies(base_url: str) -> None:
    assert get(base_url, vs_currency="btc", ids="bitcoin").json()[0]["current_price"] == pytest.approx(1)
    euros, dollars = (
        get(base_url, vs_currency=currency, ids="bitcoin").json()[0]["current_price"] for currency in ("EUR", "usd")
    )
    assert 0.75 < euros / dollars < 1


@pytest.mark.parametrize(
    ("currency", "message"),
    [("xyz", "invalid vs_currency"), ("", "Missing parameter vs_currency"), (None, "Missing parameter vs_currency")],
)
def test_currency_errors(base_url: str, currency: str | None, message: str) -> None:
    answer = get(base_url, vs_currency=currency)
    assert (answer.status_code, answer.json()) == (422, {"error": message})


@pytest.mark.parametrize("path", ["/coins/market", "/", "", "/coins/markets/bitcoin"])
def test_an_unknown_path_is_404_in_json(base_url: str, path: str) -> None:
    answer = requests.get(base_url + path, timeout=10)
    assert answer.status_code == 404
    assert answer.json()["error"].startswith("Incorrect path")


def test_unknown_parameters_are_ignored(base_url: str) -> None:
    assert get(base_url, sparkline="false", nonsense="1").content == get(base_url).content


def test_an_answer_is_repeated_from_cache_and_then_replaced(base_url: str, clock: FakeTime) -> None:
    bodies = []
    for _ in range(600):
        bodies.append(get(base_url, ids="bitcoin,ethereum,solana").content)
        clock.seconds += 1
    changes = [second for second in range(1, 600) if bodies[second] != bodies[second - 1]]
    assert 10 <= len(changes) <= 14
    assert all(44 <= later - earlier <= 61 for earlier, later in pairwise(changes))


def test_the_same_moment_gives_the_same_bytes_from_another_server(base_url: str, clock: FakeTime) -> None:
    clock.seconds += 86_400
    get(base_url)
    clock.seconds = NOON
    answer = get(base_url, per_page=250)
    with serving(FakeTime()) as other_url:
        other = get(other_url, per_page=250)
    assert len(answer.content) > 100_000
    assert other.content == answer.content


def test_headers_tell_the_real_date_and_nothing_else(base_url: str) -> None:
    headers = get(base_url).headers
    assert abs(parsedate_to_datetime(headers["date"]).timestamp() - time.time()) < 5
    assert set(headers) <= {"date", "content-type", "content-length", "cache-control"}


def run(*options: str, port: int = 0, **settings: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "simulator", "--coins", "5", "--port", str(port), *options]
    environment = os.environ | {"PYTHONUNBUFFERED": "1"} | settings
    return subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment)


@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT])
def test_the_process_serves_quietly_and_stops_cleanly(stop: signal.Signals) -> None:
    with run("--hours", "3", "--speed", "2") as process:
        assert process.stderr is not None
        found = re.search(r"http://127\.0\.0\.1:\d+/api/v3", process.stderr.readline())
        assert found
        row = get(found.group(), ids="bitcoin").json()[0]
        process.send_signal(stop)
        rest = process.stderr.read()
        assert process.wait(timeout=10) == 0
    hours_behind = (time.time() - datetime.fromisoformat(row["last_updated"]).timestamp()) / 3600
    assert 2.9 < hours_behind < 3.1
    assert rest == ""


def test_a_port_in_use_is_one_clear_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken, run(port=taken.getsockname()[1]) as process:
        assert process.stderr is not None
        lines = process.stderr.read().splitlines()
        assert process.wait(timeout=10) == 1
    assert len(lines) == 1
    assert "in use" in lines[0]
    assert "SIMULATOR_PORT" in lines[0]


def test_a_wrong_setting_is_one_clear_line() -> None:
    with run(SIMULATOR_SEED="seven") as process:
        assert process.stderr is not None
        (line,) = process.stderr.read().splitlines()
        assert process.wait(timeout=10) == 2
    assert line.startswith("simulator: SIMULATOR_SEED: ")
