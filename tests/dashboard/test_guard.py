"""Who may ask, and how often PostgreSQL is asked."""

import gc
import weakref
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg
import pytest
import requests

from coinloom.settings import Settings
from dashboard import queries
from dashboard.database import Database, Row
from dashboard.market import Market
from tests.dashboard.made_market import publish_price

BROWSERS = 20
PUBLISHES = 30


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example"])
def test_a_host_that_is_not_ours_is_refused(url: str, host: str) -> None:
    assert requests.get(url, headers={"Host": host}, timeout=10).status_code == 400


def test_a_page_from_elsewhere_may_not_call_back(url: str) -> None:
    ours, body = url, {"output": "frame.className", "inputs": [], "changedPropIds": []}
    for origin, codes in (("http://evil.example", {403}), ("null", {403}), (ours, {200, 204, 400, 500})):
        answer = requests.post(f"{url}/_dash-update-component", json=body, headers={"Origin": origin}, timeout=10)
        assert answer.status_code in codes, origin


def test_browsers_are_told_to_load_nothing_from_elsewhere(url: str) -> None:
    headers = requests.get(url, timeout=10).headers
    assert "default-src 'self'" in headers["Content-Security-Policy"]
    assert headers["X-Frame-Options"] == "DENY"


def test_a_file_of_a_coin_that_is_not_there(url: str) -> None:
    answer = requests.get(f"{url}/download/coin/nobody.csv?currency=usd", timeout=10)
    assert (answer.status_code, answer.headers["Content-Type"]) == (404, "text/plain; charset=utf-8")


def test_it_reads_as_bi_reader_and_cannot_write(market: Settings) -> None:
    database = Database(market)
    assert database.read("select current_user as name") == [{"name": "bi_reader"}]
    with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
        database.read("create temporary table mine (a int)")
    database.close()


class Counting(Database):
    """Counts what it is asked."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self.queries: list[str] = []

    def read(self, query: Any, values: Any = ()) -> list[Row]:
        self.queries.append(str(query))
        return super().read(query, values)


def test_twenty_browsers_are_one_query_for_each_publish(market: Settings) -> None:
    database = Counting(market)
    looked_at = Market(database)

    def look(_: int) -> int:
        return len(looked_at.overview("usd")) + len(looked_at.top_5("usd"))

    with ThreadPoolExecutor(BROWSERS) as browsers:
        for round_ in range(2):
            database.queries.clear()
            publish_price(market, "bitcoin", 90_000 + round_)
            looked_at._look.cache.clear()  # half a second later
            assert len(set(browsers.map(look, range(BROWSERS)))) == 1
            about_freshness = [query for query in database.queries if "freshness" in query]
            assert len(about_freshness) == 1
            # The rankings were not published the second time.
            assert len(database.queries) - 1 == (2 if round_ == 0 else 1)
    database.close()


class Rows(list[Row]):
    """A list of which can be known whether anybody has it still."""


class Watched(Database):
    """Knows which overviews somebody has still."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self.overviews: list[weakref.ref[Rows]] = []

    def read(self, query: Any, values: Any = ()) -> list[Row]:
        rows = Rows(super().read(query, values))
        if query == queries.OVERVIEW:
            self.overviews.append(weakref.ref(rows))
        return rows


def test_what_is_kept_does_not_grow_with_each_publish(market: Settings) -> None:
    database = Watched(market)
    looked_at = Market(database, look_seconds=0)
    for price in range(91_000, 91_000 + PUBLISHES):
        publish_price(market, "bitcoin", price)
        assert price in {row["price"] for row in looked_at.overview("usd")}
    gc.collect()
    assert len(database.overviews) == PUBLISHES
    assert sum(overview() is not None for overview in database.overviews) == 1
    database.close()
