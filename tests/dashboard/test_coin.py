"""The page of one coin."""

import re
from datetime import timedelta
from typing import Any

import pytest
import requests
from playwright.sync_api import Page, expect

from checks.browsers import wait_for
from coinloom.settings import Settings
from stores.database import connect
from tests.dashboard.conftest import SECONDS_TO_LOOK
from tests.dashboard.made_market import HOSTILE_NAME, NOW, publish_price

CHART = "document.querySelector('#candles .js-plotly-plot')"


def shown(page: Page, expression: str) -> None:
    wait_for(page, expression, SECONDS_TO_LOOK, look_ms=100)


def traces(page: Page) -> dict[str, Any]:
    """By name, what the chart draws."""
    shown(page, f"{CHART} && {CHART}._fullData && {CHART}.data.length > 5")
    drawn = page.evaluate(
        f"{CHART}._fullData.map(t => [t.name, Array.from(t.x), Array.from(t.close || t.y || []), t.type])"
    )
    return {f"{name} {kind}": dict(zip(x, values, strict=True)) for name, x, values, kind in drawn}


def test_the_chart_has_what_postgres_has(page: Page, url: str, market: Settings) -> None:
    page.goto(f"{url}/coin/bitcoin?currency=usd&bars=1m&span=3h")
    drawn = traces(page)
    with connect(market) as connection:
        rows = connection.execute(
            "select bar_minute, price, sma_20, is_filled from marts.crypto_table "
            "where coin_id = 'bitcoin' and vs_currency = 'usd' and bar_minute > %s",
            [NOW - timedelta(hours=3)],
        ).fetchall()
    assert len(rows) > 100
    for minute, price, sma_20, is_filled in rows:
        candle = "Filled candlestick" if is_filled else "Bars candlestick"
        assert drawn[candle][f"{minute:%Y-%m-%dT%H:%M:%S}"] == pytest.approx(price, rel=1e-12)
        assert drawn["SMA 20 min scatter"][f"{minute:%Y-%m-%dT%H:%M:%S}"] == pytest.approx(sma_20, rel=1e-12)
    gap = f"{NOW - timedelta(minutes=59):%Y-%m-%dT%H:%M:%S}"
    assert drawn["SMA 20 min scatter"][gap] is None, "a line is drawn across the gap"
    shaded = page.evaluate(f"{CHART}.layout.shapes.filter(s => s.type === 'rect').map(s => [s.x0, s.x1])")
    assert shaded == [[gap, f"{NOW - timedelta(minutes=38):%Y-%m-%dT%H:%M:%S}"]]


def test_longer_bars_have_the_indicators_of_their_last_minute(page: Page, url: str, market: Settings) -> None:
    page.goto(f"{url}/coin/tiny?currency=usd&bars=5m&span=3h")
    drawn = traces(page)
    with connect(market) as connection:
        bars = connection.execute(
            "select distinct on (bar_start) bar_start, close, rsi_14 from marts.ohlc_5m as bars "
            "join marts.crypto_table as minutes using (coin_id, vs_currency) "
            "where coin_id = 'tiny' and vs_currency = 'usd' and bar_start > %s "
            "and bar_minute >= bar_start and bar_minute < bar_start + interval '5 minutes' "
            "order by bar_start, bar_minute desc",
            [NOW - timedelta(hours=3)],
        ).fetchall()
    assert len(bars) > 20
    for start, close, rsi_14 in bars:
        assert drawn["Bars candlestick"][f"{start:%Y-%m-%dT%H:%M:%S}"] == pytest.approx(close, rel=1e-12)
        assert drawn["RSI 14 min scatter"][f"{start:%Y-%m-%dT%H:%M:%S}"] == pytest.approx(rsi_14, rel=1e-12)


def test_zoom_survives_a_publish(page: Page, url: str, market: Settings) -> None:
    page.goto(f"{url}/coin/bitcoin?currency=usd&bars=1m&span=3h")
    traces(page)
    box = page.locator("#candles .nsewdrag").first.bounding_box()
    assert box
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    before = page.evaluate(f"{CHART}._fullLayout.xaxis.range")
    page.mouse.wheel(0, -600)
    shown(page, f"{CHART}.layout.xaxis.range && {CHART}.layout.xaxis.range[0] > '{before[0]}'")
    zoomed = page.evaluate(f"{CHART}._fullLayout.xaxis.range")
    publish_price(market, "bitcoin", 92_345)
    expect(page.locator("#coin-price")).to_have_text("92,345")
    shown(page, f"{CHART}._fullData.some(t => t.close && Array.from(t.close).includes(92345))")
    assert page.evaluate(f"{CHART}._fullLayout.xaxis.range") == zoomed


def test_the_address_follows_what_is_chosen(page: Page, url: str) -> None:
    page.goto(f"{url}/coin/bitcoin?currency=usd")
    page.locator("#bars").get_by_text("5m", exact=True).click()
    expect(page.locator("#bars .chosen")).to_have_text("5m")
    expect(page).to_have_url(f"{url}/coin/bitcoin?currency=usd&bars=5m&span=3h")
    page.locator("#spans").get_by_text("12h", exact=True).click()
    expect(page.locator("#spans .chosen")).to_have_text("12h")
    expect(page).to_have_url(f"{url}/coin/bitcoin?currency=usd&bars=5m&span=12h")
    page.locator("#currencies").get_by_text("EUR").click()
    expect(page).to_have_url(f"{url}/coin/bitcoin?currency=eur&bars=5m&span=12h")
    expect(page.locator(".quote .unit")).to_have_text("eur")
    for _ in range(2):  # the same choice once more, after the way back
        page.locator("#coin-choice").click()
        page.locator(".dash-dropdown-search").fill("tiny")
        page.locator(".dash-dropdown-option", has_text="Tiny").click()
        expect(page).to_have_url(f"{url}/coin/tiny?currency=eur&bars=5m&span=12h")
        expect(page.locator("h1")).to_contain_text("Tiny")
        page.go_back()
        expect(page).to_have_url(f"{url}/coin/bitcoin?currency=eur&bars=5m&span=12h")
        expect(page.locator("h1")).to_contain_text("Bitcoin")


def test_a_coin_that_is_not_among_the_largest_can_be_chosen(
    page: Page, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its choice is not taken back when the list closes, which then offers the largest again."""
    monkeypatch.setattr("dashboard.pages.coin.CHOICES_SHOWN", 2)
    page.goto(f"{url}/coin/bitcoin?currency=usd")
    page.locator("#coin-choice").click()
    expect(page.locator(".dash-dropdown-option")).to_have_count(2)
    page.locator(".dash-dropdown-search").fill("tiny")
    expect(page.locator(".dash-dropdown-option")).to_have_text(re.compile("Tiny"))
    page.locator(".dash-dropdown-option").click()
    expect(page.locator("h1")).to_contain_text("Tiny")


def test_a_coin_without_a_name_is_offered_by_its_id(page: Page, url: str) -> None:
    page.goto(f"{url}/coin/bitcoin?currency=usd")
    page.locator("#coin-choice").click()
    page.locator(".dash-dropdown-search").fill("silent")
    expect(page.locator(".dash-dropdown-option")).to_have_text(re.compile("silent · SILENT"))


def test_an_unknown_coin_is_said_so(page: Page, url: str) -> None:
    page.goto(f"{url}/coin/%3Cb%3Enobody?currency=usd")
    expect(page.locator("#coin-notice")).to_contain_text("No coin is called “<b>nobody”")
    expect(page.locator("#coin")).not_to_be_visible()
    page.goto(f"{url}/coin/euro-only?currency=usd")
    expect(page.locator("#coin-notice")).to_contain_text("euro-only has no price in usd")
    page.locator("#coin-notice").get_by_role("link", name="EUR").click()
    expect(page.locator("h1")).to_contain_text("Euro only")


def test_a_hostile_name_is_a_headline_like_any_other(page: Page, url: str) -> None:
    page.goto(f"{url}/coin/script?currency=usd")
    expect(page.locator("h1")).to_contain_text(HOSTILE_NAME)
    assert page.title() == "Coinloom"


def test_a_file_is_in_the_first_currency_if_none_is_named(url: str) -> None:
    """As a page is. One without prices has no file."""
    for path, content in (("download/coin/bitcoin.csv", '"usd"'), ("sparkline/bitcoin.svg", "<polyline")):
        plain, named, unknown = (
            requests.get(f"{url}/{path}{query}", timeout=10) for query in ("", "?currency=usd", "?currency=xyz")
        )
        assert content in plain.text
        assert plain.content == named.content
        assert (unknown.status_code, unknown.text) == (404, "There are no prices in xyz.")
