"""A PostgreSQL that can be stopped, a made market in it, the dashboard over it, and Debian's chromium to look at it."""

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

import pytest
from playwright.sync_api import BrowserContext, ConsoleMessage, Page, Request, expect, sync_playwright

from checks.browsers import MISSING, arguments, find_browser
from coinloom.settings import Settings
from dashboard.server import listening
from stack.isolation import isolated_settings
from stack.ports import free_port
from stores.migrate import migrate
from tests.dashboard.made_market import make_market
from tests.dashboard.own_postgres import OwnPostgres

SECONDS_TO_LOOK = 30  # others may keep the machine busy; a page is there in a second

Serve = Callable[[Settings], str]


@pytest.fixture(scope="session")
def own_postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OwnPostgres]:
    """Nothing else of the stack runs beside it."""
    settings = isolated_settings(tmp_path_factory.mktemp("dashboard"))
    with OwnPostgres(settings) as server:
        yield server


@pytest.fixture(scope="session")
def market(own_postgres: OwnPostgres) -> Settings:
    """The marts, as a publish leaves them."""
    migrate(own_postgres.settings)
    make_market(own_postgres.settings)
    return own_postgres.settings


@pytest.fixture(scope="session")
def serve() -> Iterator[Serve]:
    """Serves the dashboard as `coinloom dashboard` does, in a thread; returns its address."""
    with ExitStack() as at_the_end:

        def start(settings: Settings) -> str:
            here = settings.model_copy(update={"dashboard_port": free_port()})
            server = at_the_end.enter_context(listening(here))
            threading.Thread(target=server.run, daemon=True).start()
            return f"http://127.0.0.1:{here.dashboard_port}"

        yield start


@pytest.fixture(scope="session")
def url(market: Settings, serve: Serve) -> str:
    return serve(market)


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BrowserContext]:
    """One for all pages, with a folder of its own: so scripts are fetched and compiled once."""
    found = find_browser()
    if found is None:
        pytest.fail(MISSING) if os.environ.get("GITHUB_ACTIONS") else pytest.skip(MISSING)
    with sync_playwright() as playwright:
        expect.set_options(timeout=SECONDS_TO_LOOK * 1000)
        chromium = playwright.chromium.launch_persistent_context(
            tmp_path_factory.mktemp("chromium"),
            executable_path=found,
            args=arguments(),
            viewport={"width": 1280, "height": 900},
        )
        yield chromium
        chromium.close()


@pytest.fixture
def page(browser: BrowserContext) -> Iterator[Page]:
    """A page in whose console there is no error, and which asked for nothing from elsewhere."""
    with looked_at(browser) as page:
        yield page


@contextmanager
def looked_at(browser: BrowserContext) -> Iterator[Page]:
    """Opens a page, and at its end fails if it has complained, or asked for anything from elsewhere."""
    complaints: list[str] = []
    page = browser.new_page()
    page.set_default_timeout(SECONDS_TO_LOOK * 1000)

    def hear(message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            complaints.append(f"console: {message.text}")

    def see(request: Request) -> None:
        if not request.url.startswith(("http://127.0.0.1:", "data:", "blob:")):
            complaints.append(f"asked for {request.url}")

    page.on("console", hear)
    page.on("pageerror", lambda error: complaints.append(f"error: {error}"))
    page.on("request", see)
    yield page
    page.close()
    assert complaints == []
