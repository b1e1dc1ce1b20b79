"""Looks at the dashboard with a real browser, and counts what PostgreSQL is asked meanwhile."""

import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import requests
from playwright.sync_api import BrowserContext, Page, sync_playwright

from checks.browsers import MISSING, NotShown, arguments, find_browser
from coinloom.errors import CoinloomError
from coinloom.processes import environment, executable
from coinloom.settings import Settings
from stack.services import dashboard_url
from stores.database import connect

CHART = "document.querySelector('#candles .js-plotly-plot')"
MOVERS_ARE_THERE = (
    "document.querySelector('#market .ag-row [col-id=price]') && document.querySelector('#gainers .board li')"
    " && document.querySelector('#treemap .tile')"
)
COIN_IS_THERE = f"{CHART} && {CHART}._fullData && document.querySelector('#coin-price')"
ONLY_CHOICES_OF = (
    "(choices => choices.length && choices.every(choice => choice.textContent.includes('{coin}')))"
    "([...document.querySelectorAll('.dash-dropdown-option')])"
)
HEALTH_IS_THERE = "document.querySelector('#health .stages')"
SECONDS_TO_LOOK = 60
LOOK_MS = 10
STAY_MS = 1_000  # who looks at a page stays for a moment: what it still does is not the next one's
WAIT = f"""
    () => new Promise(answer => {{{{
        const end = performance.now() + {SECONDS_TO_LOOK * 1000};
        const look = () => {{{{
            if ({{expression}}) answer(performance.now());
            else if (performance.now() > end) answer(0);
            else setTimeout(look, {LOOK_MS});
        }}}};
        look();
    }}}})
"""
SEE_CLICK = """
    () => {
        window.drawn = 0;
        addEventListener("click", () => { window.clicked = performance.now() }, {capture: true, once: true});
    }
"""
# Chromium keeps what it has compiled of a script when it sees the script for the second time.
FIRST_VISITS = ("first visit", "second visit")
SECONDS_OF_COUNTING = 20
QUESTIONS = "select xact_commit + xact_rollback from pg_stat_database where datname = current_database()"


class NoBrowser(CoinloomError):
    """There is none to look with."""


@dataclass(slots=True)
class Seen:
    """Seconds, of the first visits and of each later one; by number of browsers, how often PostgreSQL was asked."""

    rows: int = 0
    first_visits: dict[str, float] = field(default_factory=dict)
    seconds: dict[str, list[float]] = field(default_factory=dict)
    questions: dict[int, float] = field(default_factory=dict)


@contextmanager
def served(settings: Settings) -> Iterator[str]:
    """`coinloom dashboard`, as a process of its own; its address."""
    url = dashboard_url(settings)
    log = Path(settings.coinloom_home, "dashboard.log")
    with (
        log.open("w", encoding="utf-8") as output,
        subprocess.Popen(
            [executable("coinloom"), "dashboard"], env=environment(settings), stdout=output, stderr=subprocess.STDOUT
        ) as process,
    ):
        try:
            _wait_for_answer(url)
            yield url
        finally:
            process.terminate()


@contextmanager
def browser(home: Path) -> Iterator[BrowserContext]:
    """One that keeps what it has loaded. Raises NoBrowser."""
    path = find_browser()
    if path is None:
        raise NoBrowser(MISSING)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch_persistent_context(
            home, executable_path=path, args=arguments(), viewport={"width": 1280, "height": 900}
        )
        yield chromium
        chromium.close()


def look_at_pages(context: BrowserContext, url: str, coins: int, repetitions: int, seen: Seen) -> None:
    """Each page again and again, another coin each time; the first visits to each are counted apart."""
    page = context.new_page()
    pages = {
        "page of movers": ("", MOVERS_ARE_THERE),
        "page of a coin": ("coin/{coin}", COIN_IS_THERE),
        "page of health": ("health", HEALTH_IS_THERE),
    }
    for visit in FIRST_VISITS:
        for what, (path, is_there) in pages.items():
            seen.first_visits[f"{what}, {visit}"] = _open(page, f"{url}/{path.format(coin='coin-002')}", is_there)
    for number in range(repetitions):
        coin = f"coin-{1 + number * (coins // repetitions):03}"
        for what, (path, is_there) in pages.items():
            took = _open(page, f"{url}/{path.format(coin=coin)}", is_there)
            seen.seconds.setdefault(what, []).append(took)
    page.goto(f"{url}/coin/coin-001")
    _wait_for(page, COIN_IS_THERE)
    for number in range(repetitions):
        seen.seconds.setdefault("change of coin", []).append(_change_coin(page, f"coin-{2 + number * 7:03}"))
    page.close()


def count_questions(settings: Settings, context: BrowserContext, url: str, browsers: int, seen: Seen) -> None:
    """So many pages that look at the movers, while nothing is published."""
    pages = [context.new_page() for _ in range(browsers)]
    for page in pages:
        page.goto(url)
        _wait_for(page, MOVERS_ARE_THERE)
    before, started = _asked(settings), time.monotonic()
    pages[0].wait_for_timeout(SECONDS_OF_COUNTING * 1000)
    asked = _asked(settings) - before - 1  # the look before was one of them
    seen.questions[browsers] = asked / (time.monotonic() - started)
    for page in pages:
        page.close()


def _open(page: Page, url: str, is_there: str) -> float:
    """By the page's own clock, which begins when the browser begins to go there."""
    page.goto("about:blank")
    page.goto(url, wait_until="commit")
    seconds = _wait_for(page, is_there)
    page.wait_for_timeout(STAY_MS)
    return seconds


def _change_coin(page: Page, coin: str) -> float:
    """From the click on its name until its chart is drawn, by the page's own clock."""
    page.evaluate(f"() => {{ {CHART}.on('plotly_afterplot', () => {{ window.drawn += 1 }}) }}")
    page.locator("#coin-choice").click()
    page.locator(".dash-dropdown-search").fill(coin)
    _wait_for(page, ONLY_CHOICES_OF.format(coin=coin.title()))
    page.evaluate(SEE_CLICK)
    page.locator(".dash-dropdown-option").first.click()
    drawn = _wait_for(page, f"document.querySelector('h1').textContent.includes('{coin.title()}') && window.drawn > 0")
    clicked: float = page.evaluate("window.clicked")
    page.wait_for_timeout(STAY_MS)
    return drawn - clicked / 1000


def _wait_for(page: Page, expression: str) -> float:
    """Until it is true; returns when that is, by the page's clock in seconds.

    The page itself looks: questions from outside would cost it time.
    """
    milliseconds: float = page.evaluate(WAIT.format(expression=expression))
    if not milliseconds:
        raise NotShown(f"{page.url} does not show within {SECONDS_TO_LOOK} s: {expression}")
    return milliseconds / 1000


def _asked(settings: Settings) -> int:
    """Each query of the dashboard is a transaction of its own. A session tells what it did when it is idle."""
    with connect(settings) as connection:
        (number,) = connection.execute(QUESTIONS).fetchone() or (0,)
    return int(number)


def _wait_for_answer(url: str) -> None:
    deadline = time.monotonic() + SECONDS_TO_LOOK
    while True:
        try:
            requests.get(url, timeout=5).raise_for_status()
        except requests.RequestException as error:
            if time.monotonic() > deadline:
                raise NotShown(f"the dashboard does not answer: {error}") from None
            time.sleep(0.1)
        else:
            return
