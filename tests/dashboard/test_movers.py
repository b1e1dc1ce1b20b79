"""The page of the market."""

import csv
import io
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet
import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect

from coinloom.settings import Settings
from stores.database import connect
from tests.dashboard.conftest import looked_at
from tests.dashboard.made_market import COINS, HOSTILE_NAME, HOSTILE_SYMBOL, NOW, publish_price

SECONDS_TO_SHOW_A_PUBLISH = 2
DRAWN_WIDTH = """
    address => {
        const image = new Image();
        image.src = address;
        return image.decode().then(() => image.naturalWidth);
    }
"""
TRIES = 3  # other tests may keep the machine busy


@pytest.fixture(scope="module")
def movers(browser: BrowserContext, url: str) -> Iterator[Page]:
    """One for all tests that only look."""
    with looked_at(browser) as page:
        page.goto(url)
        yield page


def cell(page: Page, coin: str, column: str) -> Locator:
    """Of a row that is on the screen."""
    found = page.locator(f'.ag-row[row-id="{coin}"] [col-id="{column}"]')
    expect(found).to_be_visible()
    return found


def number(text: str) -> float:
    """What a reader takes it for."""
    sign = -1 if "▼" in text else 1
    return sign * float(re.sub(r"[^0-9.]", "", text))


def overview(settings: Settings, coin: str) -> dict[str, Any]:
    with connect(settings) as connection:
        cursor = connection.execute(
            "select * from marts.coin_overview where coin_id = %s and vs_currency = 'usd'", [coin]
        )
        assert cursor.description
        return dict(zip([column.name for column in cursor.description], cursor.fetchone() or (), strict=True))


def test_each_coin_has_its_line(movers: Page, url: str) -> None:
    """The background of a cell, which AG Grid draws sooner than an image."""
    for coin in ("bitcoin", "tiny"):
        line = cell(movers, coin, "line")
        assert line.inner_text() == ""
        address = line.evaluate("cell => getComputedStyle(cell).backgroundImage")
        assert address.startswith(f'url("{url}/sparkline/{coin}.svg?currency=usd&until=')
        assert movers.evaluate(DRAWN_WIDTH, address.removeprefix('url("').removesuffix('")')) == 100


def test_the_table_has_what_postgres_has(movers: Page, market: Settings) -> None:
    for coin in ("bitcoin", "tiny"):
        row = overview(market, coin)
        for column in ("price", "price_change_1m_pct", "price_change_5m_pct", "price_change_1h_pct"):
            # As precisely as it is written: a change has two decimals, a price six digits that matter.
            exact = {"abs": 0.005} if column.endswith("pct") else {"rel": 1e-5}
            assert number(cell(movers, coin, column).inner_text()) == pytest.approx(row[column], **exact), column
    assert cell(movers, "bitcoin", "market_cap").inner_text() == "1.8T"
    assert cell(movers, "silent", "market_cap").inner_text() == "–"
    assert cell(movers, "silent", "name").inner_text() == "silent"
    assert re.fullmatch(r"0\.00000000[1-9]\d{5}", cell(movers, "tiny", "price").inner_text())
    expect(movers.locator(".kpi", has_text="Coins").locator(".value")).to_have_text(str(len(COINS)))


def test_the_boards_have_what_postgres_has(movers: Page, market: Settings) -> None:
    with connect(market) as connection:
        rows = connection.execute(
            "select coalesce(symbol, coin_id), price_change_5m_pct from marts.top_5_losers "
            "where vs_currency = 'usd' order by rank"
        ).fetchall()
    places = movers.locator("#losers .board li")
    expect(places).to_have_count(len(rows))
    for place, (symbol, change) in zip(places.all(), rows, strict=True):
        assert place.locator(".symbol").text_content() == symbol
        assert number(place.locator(".change").inner_text()) == pytest.approx(change, abs=0.005)


def test_a_publish_is_seen_in_time_without_a_reload(page: Page, url: str, market: Settings) -> None:
    page.goto(url)
    expect(cell(page, "bitcoin", "price")).to_contain_text("9")
    page.evaluate("window.sameDocument = true")
    seconds = []
    for price in (90_001, 90_002, 90_003)[:TRIES]:
        publish_price(market, "bitcoin", price)
        published = time.monotonic()
        expect(cell(page, "bitcoin", "price")).to_have_text(f"{price:,}")
        seconds.append(time.monotonic() - published)
    assert min(seconds) < SECONDS_TO_SHOW_A_PUBLISH
    assert page.evaluate("window.sameDocument")


def test_filter_and_order_survive_a_publish(page: Page, url: str, market: Settings) -> None:
    page.goto(url)
    search = page.get_by_placeholder("Find a coin")
    search.fill("silent")
    expect(cell(page, "silent", "price")).to_be_visible()
    expect(page.locator('.ag-row[row-id="bitcoin"]')).to_have_count(0)
    search.fill("svg")  # in the address of every line
    expect(page.locator(".ag-row")).to_have_count(0)
    search.fill("bitcoin")
    expect(cell(page, "bitcoin", "price")).to_be_visible()
    expect(page.locator('.ag-row[row-id="tiny"]')).to_have_count(0)
    page.locator('.ag-header-cell[col-id="price"]').click()
    publish_price(market, "bitcoin", 91_234)
    expect(cell(page, "bitcoin", "price")).to_have_text("91,234")
    expect(page.locator('.ag-row[row-id="tiny"]')).to_have_count(0)
    expect(page.locator('.ag-header-cell[col-id="price"]')).to_have_attribute("aria-sort", "ascending")


def test_the_rest_of_the_table_follows_the_first_rows(page: Page, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dashboard.pages.movers.FIRST_ROWS", 1)
    page.goto(url)
    expect(cell(page, "tiny", "price")).to_be_visible()


def test_a_tile_leads_to_its_coin(page: Page, url: str) -> None:
    page.goto(f"{url}/?currency=usd&change=1h")
    page.locator("#treemap .tile", has_text="btc").click()
    expect(page).to_have_url(f"{url}/coin/bitcoin?currency=usd&bars=1m&span=3h")


def test_a_row_leads_to_its_coin_and_back(page: Page, url: str) -> None:
    page.goto(f"{url}/?currency=eur&change=1h")
    cell(page, "euro-only", "name").click()
    expect(page.locator("h1")).to_contain_text("Euro only")
    assert page.url == f"{url}/coin/euro-only?currency=eur&bars=1m&span=3h"
    page.go_back()
    expect(page.locator("#changes .chosen")).to_have_text("1h")


def test_hostile_names_are_text(movers: Page) -> None:
    expect(cell(movers, "script", "name")).to_have_text(HOSTILE_NAME)
    expect(movers.locator("#gainers")).to_contain_text(HOSTILE_NAME)
    expect(movers.locator("#treemap .tile", has_text=HOSTILE_SYMBOL.upper())).to_be_visible()
    assert movers.title() == "Coinloom"
    assert movers.locator("#frame script").count() == 0


def test_the_files_have_what_is_shown(movers: Page, tmp_path: Path) -> None:
    for kind in ("CSV", "Parquet"):
        with movers.expect_download() as download:
            movers.locator("#market-downloads").get_by_text(kind).click()
        download.value.save_as(tmp_path / download.value.suggested_filename)
    rows = {row["coin_id"]: row for row in csv.DictReader(io.StringIO((tmp_path / "market-usd.csv").read_text()))}
    assert len(rows) == len(COINS)
    assert rows["script"]["symbol"] == f"'{HOSTILE_SYMBOL}"  # a spreadsheet takes it for text
    assert rows["script"]["name"] == HOSTILE_NAME
    assert rows["script"]["vs_currency"] == "usd"
    table = pyarrow.parquet.read_table(tmp_path / "market-usd.parquet").to_pylist()
    assert {row["symbol"] for row in table} == {coin[1] for coin in COINS}
    assert {row["as_of"] for row in table} == {NOW}
