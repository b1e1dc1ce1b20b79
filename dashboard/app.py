"""The application: the frame, the pages in it, the files they link to, and what guards them."""

from pathlib import Path

from dash import Dash

from coinloom.clock import Clock, utc_now
from coinloom.settings import Settings
from dashboard import downloads, guard, scripts, shell
from dashboard.address import Page
from dashboard.database import Database
from dashboard.market import Market
from dashboard.pages import coin, health, movers
from dashboard.parts import notice
from dashboard.prepared import prepared
from health.report import read_report

ASSETS = Path(__file__).parent / "assets"


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
    market, reader = Market(database), health.ReportReader(lambda: read_report(settings))
    pages: shell.Pages = {
        Page.MOVERS: lambda address: movers.layout(market, address),
        Page.COIN: lambda address: coin.layout(market, address),
        Page.HEALTH: lambda _: health.layout(reader, settings, now),
        Page.NOT_FOUND: lambda _: notice("There is no such page", "The way about is above."),
    }
    opened = prepared(app, pages)
    app.layout = lambda: shell.layout(market, opened)
    shell.register(app, market, settings, pages, now)
    movers.register(app, market)
    coin.register(app, market)
    health.register(app, reader, settings, now)
    downloads.register(app.server, market)
    guard.protect(app, settings)
    scripts.send_sooner(app)
    return app
