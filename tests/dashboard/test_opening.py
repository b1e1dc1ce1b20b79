"""A page that is opened comes filled, with what it needs asked for at once."""

import re
from urllib.parse import urlsplit

import pytest
import requests
from playwright.sync_api import Page as Shown
from playwright.sync_api import Request, Route, expect

from dashboard.address import Address, Page
from dashboard.scripts import SCRIPTS, SUITES

OPENED = ("/?currency=usd", "/coin/bitcoin?currency=usd&bars=5m&span=1d")
PARTS = {"/": "#market .ag-row", "/coin/bitcoin": "#candles .js-plotly-plot .main-svg"}


@pytest.mark.parametrize("path", OPENED)
def test_the_layout_is_that_of_the_page_that_asks(url: str, path: str) -> None:
    layout = requests.get(f"{url}/_dash-layout", headers={"Referer": url + path}, timeout=10).text
    other = "candles" if "coin" not in path else "treemap"
    assert "Bitcoin" in layout
    assert f'"id":"{other}"' not in layout


@pytest.mark.parametrize("path", OPENED)
def test_it_is_filled_once(page: Shown, url: str, path: str) -> None:
    """What the layout has is not sent again; of the movers' table, only the rest of the rows is."""
    answers: list[int] = []
    page.on("requestfinished", lambda request: answers.append(_length(request)))
    page.goto(url + path)
    expect(page.locator(PARTS[urlsplit(path).path]).first).to_be_visible()
    page.wait_for_load_state("networkidle")
    assert answers
    assert not [length for length in answers if length > 50_000], answers


@pytest.mark.parametrize("path", OPENED)
def test_a_browser_that_does_not_say_where_it_is(page: Shown, url: str, path: str) -> None:
    def without_referer(route: Route) -> None:
        route.continue_(headers={name: text for name, text in route.request.headers.items() if name != "referer"})

    page.route("**/_dash-layout", without_referer)
    page.goto(url + path)
    expect(page.locator(PARTS[urlsplit(path).path]).first).to_be_visible()


@pytest.mark.parametrize("path", OPENED)
def test_every_script_of_a_page_is_asked_for_before_it_is_drawn(page: Shown, url: str, path: str) -> None:
    """A script that Dash loads later and that we do not name would not be early, and nothing else would say so."""
    asked: list[str] = []
    page.on("request", lambda request: asked.append(urlsplit(request.url).path))
    page.goto(url + path)
    expect(page.locator(PARTS[urlsplit(path).path]).first).to_be_visible()
    page.wait_for_load_state("networkidle")
    named = {f"{SUITES}/{script}" for script in SCRIPTS[Address.read(path).page]}
    drawing = asked[asked.index("/_dash-layout") :]
    assert named <= set(asked)
    assert not [script for script in drawing if script.endswith(".js") and script not in asked[: -len(drawing)]]


def test_a_script_that_is_still_the_same_is_not_sent_again(url: str) -> None:
    for script in SCRIPTS[Page.COIN]:
        there = f"{url}{SUITES}/{script}"
        sent = requests.get(there, timeout=10)
        tag = sent.headers["ETag"]
        assert len(sent.content) > 1_000
        for known, status in ((tag, 304), ('"another"', 200), (tag, 304)):
            assert requests.get(there, headers={"If-None-Match": known}, timeout=10).status_code == status


def test_what_a_browser_has_it_does_not_ask_for_again(url: str) -> None:
    """A script without a version in its address may be another one after an update, so not for long."""
    page = requests.get(url, timeout=10).text
    styles = re.findall(r'href="(/assets/[^"]+)"', page)
    versioned = re.findall(r'src="(/_dash-component-suites/[^"]+)"', page)
    assert len(styles) == 2
    assert len(versioned) > 5
    for path in (*styles, *versioned):
        assert "max-age=31536000" in requests.get(url + path, timeout=10).headers["Cache-Control"]
    for script in SCRIPTS[Page.COIN]:
        assert requests.get(f"{url}{SUITES}/{script}", timeout=10).headers["Cache-Control"] == "public, max-age=300"


def _length(request: Request) -> int:
    """Of an answer to one of the page's callbacks, bytes."""
    return len(request.response().body()) if "_dash-update-component" in request.url else 0  # type: ignore[union-attr]
