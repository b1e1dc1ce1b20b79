"""The frame around every page: the way about, the currency, the theme, and how old what is shown is."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from dash import Dash, Input, Output, State, dcc, html, no_update
from dash.development.base_component import Component
from dash.exceptions import PreventUpdate
from flask import request

from coinloom.clock import Clock, seconds_since
from coinloom.errors import CoinloomError
from coinloom.settings import Settings, Stage
from coinloom.wording import age
from dashboard.address import Address, Page
from dashboard.database import MartMissing, TookTooLong
from dashboard.market import Market, if_it_can_be_read
from dashboard.parts import LOOKS, choices, notice
from health.verdicts import age_limits

REFRESH_MS = 1_000
HOW_TO_GET_IT = (
    "'coinloom up' fills the marts within a minute or two; 'coinloom build --publish' does it once. After an update of "
    "Coinloom, the next publish adds what is missing."
)
THEMES = [{"label": "Auto", "value": "auto"}, {"label": "Light", "value": "light"}, {"label": "Dark", "value": "dark"}]

Pages = Mapping[Page, Callable[[Address], Component]]
"""How each page is made, filled with what its address names."""


def layout(market: Market, pages: Pages) -> html.Div:
    """With the page in it that asks, as its browser says by Referer. If it does not, `show_page` adds the page."""
    version = if_it_can_be_read(lambda: str(market.version()))
    address = Address.read(request.referrer) if request.referrer else None
    page = pages[address.page](address) if address else None
    return html.Div(
        [
            dcc.Location(id="address", refresh="callback-nav"),
            dcc.Interval(id="clock", interval=REFRESH_MS),
            dcc.Store(id="version", data=version),
            dcc.Store(id="shown", data=address.page if address else None),
            html.Header(
                [
                    dcc.Link([html.Span("◆", className="mark"), "Coinloom"], href="/", className="brand"),
                    html.Nav(id="pages", className="pages"),
                    html.Div(id="currencies"),
                    html.Div(id="age", className="age", role="status"),
                    dcc.RadioItems(THEMES, "auto", id="theme", persistence="theme", persistence_type="local"),
                ],
                className="bar",
            ),
            html.Div(id="away"),
            html.Main(page, id="page"),
        ],
        id="frame",
        className="auto",
    )


def register(app: Dash, market: Market, settings: Settings, pages: Pages, now: Clock) -> None:
    """Have the frame follow the address and the clock."""
    _register_way(app, market, pages)
    _register_clock(app, market, settings, now)


def _register_way(app: Dash, market: Market, pages: Pages) -> None:
    """Which page is shown, the links to the others, and how it looks."""

    @app.callback(Output("page", "children"), Output("shown", "data"), Input("address", "href"), State("shown", "data"))
    def show_page(href: str, shown: str | None) -> Any:
        address = Address.read(href)
        if address.page == shown:
            raise PreventUpdate
        return pages[address.page](address), address.page

    @app.callback(Output("frame", "className"), Input("theme", "value"))
    def choose_theme(theme: str) -> str:
        return theme

    @app.callback(
        Output("pages", "children"),
        Output("currencies", "children"),
        Input("address", "href"),
        Input("version", "data"),
    )
    def show_way(href: str, version: str | None) -> Any:
        address = Address.read(href)
        return _links(address), _currencies(market, address) if version else no_update


def _register_clock(app: Dash, market: Market, settings: Settings, now: Clock) -> None:
    """Has something been published, how old is it, or why can it not be read."""

    @app.callback(
        Output("version", "data"),
        Output("age", "children"),
        Output("age", "className"),
        Output("away", "children"),
        Input("clock", "n_intervals"),
        Input("address", "href"),
        State("version", "data"),
    )
    def tick(_: int, href: str, shown: str | None) -> Any:
        try:
            version = str(market.version())
            as_of = market.currency(Address.read(href).currency)["as_of"].replace(tzinfo=UTC)
        except CoinloomError as error:
            # When it is back, the version is another one than none, and the page is filled anew.
            return None, "no data", "age critical", _what_is_missing(error)
        how, text = _age(as_of, now(), settings)
        return no_update if version == shown else version, text, f"age {how}", None


def leave_as_it_is(error: Exception) -> None:
    """What a page does whose data cannot be read: the frame says why. Anything unexpected keeps its traceback."""
    if not isinstance(error, CoinloomError):
        raise error


def _links(address: Address) -> list[Component]:
    return [
        dcc.Link(
            page.title(),
            href=str(address.of(page=page)),
            className="chosen" if page is address.page else "",
        )
        for page in (Page.MOVERS, Page.COIN, Page.HEALTH)
    ]


def _currencies(market: Market, address: Address) -> Component:
    names = [row["vs_currency"] for row in market.currencies()]
    return choices(address, "currency", names, market.currency(address.currency)["vs_currency"])


def _age(as_of: datetime, now: datetime, settings: Settings) -> tuple[str, list[Component]]:
    """How good it is, and in words."""
    seconds = seconds_since(as_of, now)
    words = [html.Span(f"{as_of:%H:%M} UTC", className="as-of"), html.Span(f"{age(seconds)} old")]
    return LOOKS[age_limits(Stage.MARTS, settings).state(seconds)], [html.Span(className="dot"), *words]


def _what_is_missing(error: CoinloomError) -> Component:
    if isinstance(error, MartMissing):
        return notice("There is nothing to show yet", str(error), HOW_TO_GET_IT)
    if isinstance(error, TookTooLong):
        return notice("PostgreSQL is slow", str(error), "This page goes on by itself when it answers in time.")
    return notice("PostgreSQL cannot be reached", str(error), "This page goes on by itself when it is back.")
