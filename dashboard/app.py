"""The application: the frame, the pages in it, the files they link to, and what guards them."""

from pathlib import Path

from dash import Dash

from coinloom.clock import Clock, utc_now
from coinloom.settings import Settings
from dashboard import downloads, guard, shell
from dashboard.address import Page
from dashboard.database import Database
from dashboard.market import Market
from dashboard.pages import coin, health, movers
from dashboard.parts import notice

ASSETS = Path(__file__).parent / "assets"
PAGES = {
    Page.MOVERS: movers.layout,
    Page.COIN: coin.layout,
    Page.HEALTH: health.layout,
    Page.NOT_FOUND: lambda: notice("There is no such page", "The way about is above."),
}


def create_app(settings: Settings, database: Database, now: Clock = utc_now) -> Dash:
    """Everything but the server that runs it."""
    app = Dash(
        "coinloom",
        title="Coinloom",
        update_title="",
        assets_folder=str(ASSETS),
        serve_locally=True,
        suppress_callback_exceptions=True,
        add_log_handler=False,
        on_error=shell.leave_as_it_is,
        enable_mcp=False,
        use_async=False,
        meta_tags=[{"name": "viewport", "content": "width=device-width, initial-scale=1"}],
    )
    market = Market(database)
    app.layout = lambda: shell.layout(market)
    shell.register(app, market, settings, PAGES, now)
    movers.register(app, market)
    coin.register(app, market)
    health.register(app, settings, now)
    downloads.register(app.server, market)
    guard.protect(app, settings)
    return app
