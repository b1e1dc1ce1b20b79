"""The client against a real HTTP server in this process that answers from a script."""

import json
import logging
from datetime import UTC, datetime

import pytest
import requests

from coinloom.errors import Stopped, WrongSetting
from coinloom.settings import CoinGeckoPlan
from ingestion.coingecko.client import CoinGeckoClient
from ingestion.coingecko.markets import MarketsRequest
from ingestion.coingecko.plans import BASE_URLS
from ingestion.exceptions import (
    BadAnswer,
    CoinGeckoError,
    RateLimited,
    RequestRefused,
    ServerTrouble,
    UnknownCoin,
    Unreachable,
    WrongKeyOrPlan,
)
from tests.unit.ingestion.scripted_server import KEY, Reply, ScriptedServer, coins

NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)


@pytest.fixture
def slept() -> list[float]:
    return []


@pytest.fixture
def client(server: ScriptedServer, slept: list[float]) -> CoinGeckoClient:
    return client_of(server, slept)


def client_of(
    server: ScriptedServer,
    slept: list[float],
    plan: CoinGeckoPlan = CoinGeckoPlan.KEYLESS,
    key: str | None = None,
) -> CoinGeckoClient:
    return CoinGeckoClient(requests.Session(), plan, key, server.url, sleep=slept.append, now=lambda: NOW)


def numbered(first: int, last: int) -> list[str]:
    return [f"coin-{number}" for number in range(first, last)]


def error_body(code: int, text: str = "no") -> bytes:
    return json.dumps({"status": {"error_code": code, "error_message": text}}).encode()


TOP = MarketsRequest(("usd",), top_n=10)


def test_asks_for_the_top_coins_with_full_precision(client: CoinGeckoClient, server: ScriptedServer) -> None:
    server.replies = [coins("bitcoin", "tether")]
    answer = client.markets(TOP)
    assert [row["id"] for row in answer.rows["usd"]] == ["bitcoin", "tether"]
    assert server.asked[0].path == "/api/v3/coins/markets"
    assert server.asked[0].query == {
        "vs_currency": "usd",
        "order": "market_cap_desc",
        "precision": "full",
        "per_page": "10",
        "page": "1",
    }
    assert server.asked[0].headers["User-Agent"].startswith("coinloom/")


def test_pages_through_the_top_and_keeps_each_coin_once(client: CoinGeckoClient, server: ScriptedServer) -> None:
    overlapping = numbered(240, 490)
    server.replies = [coins(*numbered(0, 250)), coins(*overlapping), coins(*numbered(490, 740))]
    answer = client.markets(MarketsRequest(("usd",), top_n=600))
    assert [row["id"] for row in answer.rows["usd"]] == numbered(0, 600)
    assert [(asked.query["page"], asked.query["per_page"]) for asked in server.asked] == [
        ("1", "250"),
        ("2", "250"),
        ("3", "250"),
    ]


def test_stops_at_the_page_where_the_coins_end(client: CoinGeckoClient, server: ScriptedServer) -> None:
    server.replies = [coins(*numbered(0, 250)), coins(*numbered(250, 260))]
    assert len(client.markets(MarketsRequest(("usd",), top_n=1000)).rows["usd"]) == 260
    assert len(server.asked) == 2


def test_explicit_ids_go_in_chunks_of_250_without_repetition(client: CoinGeckoClient, server: ScriptedServer) -> None:
    ids = numbered(0, 251)
    server.replies = [coins(*ids[:250]), coins(*ids[250:])]
    answer = client.markets(MarketsRequest.of(["usd"], [*ids, "coin-0"], 10))
    assert answer.coin_ids() == set(ids)
    assert [asked.query["ids"].split(",") for asked in server.asked] == [ids[:250], ids[250:]]


def test_one_poll_has_one_fetched_at_taken_after_its_last_page(server: ScriptedServer) -> None:
    server.replies = [coins("bitcoin")]
    moments: list[datetime] = []

    def now() -> datetime:
        moments.append(NOW.replace(second=len(server.asked)))
        return moments[-1]

    client = CoinGeckoClient(requests.Session(), base_url=server.url, now=now)
    answer = client.markets(MarketsRequest.of(["USD", "eur", "usd"], ["bitcoin"], 1))
    assert list(answer.rows) == ["usd", "eur"]
    assert answer.fetched_at == NOW.replace(second=2)


def test_rows_without_an_id_all_go_through(client: CoinGeckoClient, server: ScriptedServer) -> None:
    server.replies = [Reply(b'[{"current_price": 1}, {"current_price": 2}, {"id": "bitcoin"}]')]
    assert len(client.markets(TOP).rows["usd"]) == 3


def test_numbers_that_no_double_holds_become_null(client: CoinGeckoClient, server: ScriptedServer) -> None:
    server.replies = [Reply(b'[{"id": "a", "current_price": 1e999, "market_cap": NaN, "total_volume": 5.6e-11}]')]
    assert client.markets(TOP).rows["usd"] == [
        {"id": "a", "current_price": None, "market_cap": None, "total_volume": 5.6e-11}
    ]


def test_the_hosts_of_the_plans() -> None:
    assert BASE_URLS == {
        "keyless": "https://api.coingecko.com/api/v3",
        "demo": "https://api.coingecko.com/api/v3",
        "pro": "https://pro-api.coingecko.com/api/v3",
    }


@pytest.mark.parametrize(
    ("plan", "sent"),
    [
        (CoinGeckoPlan.KEYLESS, {}),
        (CoinGeckoPlan.DEMO, {"x-cg-demo-api-key": KEY}),
        (CoinGeckoPlan.PRO, {"x-cg-pro-api-key": KEY}),
    ],
)
def test_the_key_is_in_the_header_of_the_plan_and_nowhere_in_the_url(
    server: ScriptedServer, slept: list[float], plan: CoinGeckoPlan, sent: dict[str, str]
) -> None:
    server.replies = [coins("bitcoin")]
    client_of(server, slept, plan, KEY).markets(TOP)
    asked = server.asked[0]
    assert {name: value for name, value in asked.headers.items() if name.startswith("x-cg")} == sent
    assert KEY not in str(asked.query)


@pytest.mark.parametrize("key", [None, "", "  ", "two\nlines", "schlüssel"])
def test_a_key_that_cannot_work_is_refused_before_any_request(
    server: ScriptedServer, slept: list[float], key: str | None
) -> None:
    with pytest.raises(WrongKeyOrPlan, match="COINGECKO_API_KEY") as caught:
        client_of(server, slept, CoinGeckoPlan.PRO, key)
    assert not key or not key.strip() or key not in str(caught.value)
    assert server.asked == []


@pytest.mark.parametrize(
    ("retry_after", "seconds"),
    [("7", 7), ("119", 119), ("Sun, 22 Nov 2026 10:01:30 GMT", 90), ("999999999", 3600)],
)
def test_a_429_waits_as_long_as_retry_after_says_whatever_its_body(
    client: CoinGeckoClient, server: ScriptedServer, slept: list[float], retry_after: str, seconds: float
) -> None:
    refused = [Reply(body, 429, {"Retry-After": retry_after}) for body in (b"error code: 1015", error_body(429), b"")]
    server.replies = [*refused, coins("bitcoin")]
    assert client.markets(TOP).coin_ids() == {"bitcoin"}
    assert slept == [seconds] * 3


@pytest.mark.parametrize("retry_after", [{}, {"Retry-After": "soon"}, {"Retry-After": "0"}])
def test_without_a_usable_retry_after_the_waits_grow(
    client: CoinGeckoClient, server: ScriptedServer, slept: list[float], retry_after: dict[str, str]
) -> None:
    server.replies = [Reply(b"slow down", 429, retry_after)]
    with pytest.raises(RateLimited, match="POLL_INTERVAL_SECONDS"):
        client.markets(TOP)
    assert len(server.asked) == 5
    assert all(2**n <= wait <= 2**n + 1 for n, wait in enumerate(slept))
    assert len(slept) == 4


@pytest.mark.parametrize("status", [408, 500, 502, 503, 504, 520])
def test_trouble_on_the_servers_side_is_tried_again(
    client: CoinGeckoClient, server: ScriptedServer, slept: list[float], status: int
) -> None:
    server.replies = [Reply(b"<html>oops</html>", status), coins("bitcoin")]
    assert client.markets(TOP).coin_ids() == {"bitcoin"}
    assert len(slept) == 1


def test_a_server_that_stays_broken_is_named_with_its_status(client: CoinGeckoClient, server: ScriptedServer) -> None:
    server.replies = [Reply(b"", 503)]
    with pytest.raises(ServerTrouble, match="HTTP 503"):
        client.markets(TOP)


def test_an_answer_that_breaks_off_is_tried_again(
    client: CoinGeckoClient, server: ScriptedServer, slept: list[float]
) -> None:
    server.replies = [Reply(b'[{"id": "bit', cut=True), coins("bitcoin")]
    assert client.markets(TOP).coin_ids() == {"bitcoin"}
    assert len(slept) == 1


def test_a_closed_port_is_unreachable(server: ScriptedServer, slept: list[float]) -> None:
    client = CoinGeckoClient(requests.Session(), base_url="http://127.0.0.1:1/api/v3", sleep=slept.append)
    with pytest.raises(Unreachable, match="COINGECKO_BASE_URL"):
        client.markets(TOP)
    assert len(slept) == 4


@pytest.mark.parametrize(
    "case",
    [
        (Reply(b"{}", 401), WrongKeyOrPlan, "COINGECKO_API_KEY"),
        (Reply(b"{}", 403), WrongKeyOrPlan, "COINGECKO_PLAN"),
        (Reply(b"error code: 1020", 403), RequestRefused, "firewall"),
        (Reply(b'{"error": "invalid vs_currency"}', 400), RequestRefused, "COINGECKO_VS_CURRENCIES"),
        (Reply(b"gone", 404), RequestRefused, "COINGECKO_BASE_URL"),
        (Reply(b'{"error":"coin not found"}', 404), UnknownCoin, "COINGECKO_IDS"),
        (Reply(b"", 301, {"Location": "http://127.0.0.1:1/"}), RequestRefused, "COINGECKO_BASE_URL"),
        (Reply(error_body(10002), 400), WrongKeyOrPlan, "set COINGECKO_API_KEY"),
        (Reply(error_body(10005), 429), WrongKeyOrPlan, "COINGECKO_PLAN"),
        (Reply(error_body(10010), 400), WrongKeyOrPlan, "COINGECKO_PLAN=pro"),
        (Reply(b'{"error_code": 10011}', 200), WrongKeyOrPlan, "COINGECKO_PLAN=demo"),
        (Reply(b'{"error": {"status": {"error_code": 10010}}}', 500), WrongKeyOrPlan, "COINGECKO_PLAN=pro"),
        (Reply(b'{"error": {"status": {"error_code": 10012}}}', 401), WrongKeyOrPlan, "a later --from"),
        (Reply(b'[{"id": "bit'), BadAnswer, "12 bytes"),
        (Reply(b"<html>maintenance</html>"), BadAnswer, "maintenance"),
        (Reply(b'{"coins": []}'), BadAnswer, "coins"),
        (Reply(b'["bitcoin"]'), BadAnswer, "bitcoin"),
        (Reply(b"\xff\xfe"), BadAnswer, "2 bytes"),
        (Reply(b""), BadAnswer, "empty body"),
    ],
)
def test_what_another_try_cannot_help_is_raised_at_once(
    client: CoinGeckoClient, server: ScriptedServer, slept: list[float], case: tuple[Reply, type[CoinGeckoError], str]
) -> None:
    reply, expected, advice = case
    server.replies = [reply]
    with pytest.raises(expected, match=advice):
        client.markets(TOP)
    assert len(server.asked) == 1
    assert slept == []


def test_no_error_and_no_log_line_holds_the_key(
    server: ScriptedServer, slept: list[float], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    echo = f"the key {KEY} is over its limit".encode()
    server.replies = [Reply(echo, 429), Reply(echo, 500), Reply(echo, 401)]
    client = client_of(server, slept, CoinGeckoPlan.DEMO, KEY)
    with pytest.raises(WrongKeyOrPlan, match="over its limit") as caught:
        client.markets(TOP)
    assert len(slept) == 2
    assert "over its limit" in caplog.text
    assert KEY not in caplog.text + str(caught.value) + repr(client)


def test_a_sleep_that_raises_abandons_the_poll(server: ScriptedServer) -> None:
    def stop(_seconds: float) -> None:
        raise Stopped

    server.replies = [Reply(b"", 429, {"Retry-After": "119"})]
    client = CoinGeckoClient(requests.Session(), base_url=server.url, sleep=stop)
    with pytest.raises(Stopped):
        client.markets(TOP)
    assert len(server.asked) == 1


def test_a_base_url_that_is_none_is_a_wrong_setting() -> None:
    client = CoinGeckoClient(requests.Session(), base_url="coingecko")
    with pytest.raises(WrongSetting, match="COINGECKO_BASE_URL"):
        client.markets(TOP)


def test_no_quote_currency_is_a_wrong_setting() -> None:
    with pytest.raises(WrongSetting, match="COINGECKO_VS_CURRENCIES"):
        MarketsRequest.of([], ["bitcoin"], 1)
