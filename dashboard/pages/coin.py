"""One coin: what it is worth, how that moves, and its bars with their indicators."""

from collections.abc import Sequence
from typing import Any

import plotly.graph_objects as go
from dash import Dash, Input, Output, Patch, State, ctx, dcc, html, no_update
from dash.exceptions import PreventUpdate

from dashboard.address import BARS, Address, Page
from dashboard.database import Row
from dashboard.figures.candles import candles
from dashboard.market import Market
from dashboard.pages.coin_head import head
from dashboard.parts import choices, downloads, notice

CHOICES_SHOWN = 50
GRAPH: Any = {
    "displaylogo": False,
    "scrollZoom": True,
    "responsive": True,
    "modeBarButtonsToRemove": ["select2d", "lasso2d", "autoScale2d"],
    "toImageButtonOptions": {"format": "png", "scale": 2},
}

# Drawn before there are bars; axes without bars would take as long as those with them.
NOTHING_YET = {"data": [], "layout": {"xaxis": {"visible": False}, "yaxis": {"visible": False}}}

Option = dict[str, str]


def layout() -> html.Div:
    """Empty, and hidden until there is something to show."""
    tools = [
        dcc.Dropdown(id="coin-choice", placeholder="Another coin …", clearable=False, className="coin-choice"),
        html.Div(id="bars"),
        html.Div(id="spans"),
        html.Div(id="coin-downloads", className="choices"),
    ]
    chart = html.Section(
        [html.Header(tools), html.Div(dcc.Graph(id="candles", figure=NOTHING_YET, config=GRAPH), className="candles")],
        className="card",
    )
    return html.Div(
        [
            html.Div(id="coin-notice"),
            html.Div([html.Div(id="coin-head", className="head"), chart], id="coin", className="waiting"),
        ]
    )


def register(app: Dash, market: Market) -> None:
    @app.callback(
        Output("coin-notice", "children"),
        Output("coin", "className"),
        Output("coin-head", "children"),
        Output("bars", "children"),
        Output("spans", "children"),
        Output("coin-downloads", "children"),
        Output("candles", "figure"),
        Input("version", "data"),
        Input("address", "href"),
        State("coin", "className"),
    )
    def fill(version: str | None, href: str, state: str) -> Any:
        address = Address.read(href)
        if not version or address.page is not Page.COIN:
            raise PreventUpdate
        *others, chart = _filled(market, address)
        is_drawn = state != "waiting" and ctx.triggered_id == "version"
        return *others, _redrawn(chart) if is_drawn else chart

    @app.callback(
        Output("coin-choice", "options"), Input("coin-choice", "search_value"), Input("address", "href"),
        Input("version", "data"), State("coin-choice", "options"),
    )  # fmt: skip
    def offer(words: str | None, href: str, version: str | None, offered: Sequence[Option] | None) -> Any:
        if not version:
            raise PreventUpdate
        currency = market.currency(Address.read(href).currency)["vs_currency"]
        return _options(market.overview(currency), words, offered or ())

    @app.callback(
        Output("address", "href", allow_duplicate=True),
        Output("coin-choice", "value"),
        Input("coin-choice", "value"),
        State("address", "href"),
        prevent_initial_call=True,
    )
    def choose(coin: str | None, href: str) -> Any:
        if not coin:
            raise PreventUpdate
        return str(Address.read(href).of(coin=coin)), None


def named(market: Market, address: Address) -> Address:
    """With what the address does not say: the first currency, its largest coin."""
    address = address.of(currency=market.currency(address.currency)["vs_currency"])
    return address if address.coin else address.of(coin=market.overview(address.currency)[0]["coin_id"])


def _filled(market: Market, address: Address) -> tuple[Any, ...]:
    address = named(market, address)
    coin = market.coin(address.coin, address.currency)
    if coin is None:
        return _unknown(market, address), "waiting", *(no_update,) * 5
    path = str(address.of(page=Page.COIN)).removeprefix("/").partition("?")
    return (
        None,
        "",
        head(coin),
        choices(address, "bars", list(BARS), address.bars),
        choices(address, "span", BARS[address.bars].spans, address.span),
        downloads(path[0], f"?{path[2]}"),
        candles(market.bars(coin, address), address),
    )


def _redrawn(chart: go.Figure) -> Any:
    """What is new in a chart that somebody looks at. Its axes, which may be zoomed, are left to the browser."""
    if chart is no_update:
        return no_update
    patch = Patch()
    patch["data"] = list(chart.data)
    patch["layout"]["shapes"] = list(chart.layout.shapes)
    return patch


def _unknown(market: Market, address: Address) -> html.Div:
    others = market.currencies_of_coin(address.coin)
    if others:
        links = choices(address, "currency", others, "")
        return html.Div([notice(f"{address.coin} has no price in {address.currency}", "It has one in:"), links])
    return notice(
        f"No coin is called “{address.coin}”", "The address names a coin by CoinGecko's id, such as avalanche-2."
    )


def _options(rows: Sequence[Row], words: str | None, offered: Sequence[Option]) -> list[Option]:
    """The largest coins whose name, symbol or id has these words in it.

    Words are None when the list closes. Then it keeps what it has offered: the dropdown takes back a choice that its
    list no longer has.
    """
    wanted = (words or "").casefold()
    found = [row for row in rows if wanted in f"{row['name']} {row['symbol']} {row['coin_id']}".casefold()]
    kept = {option["value"] for option in offered} if words is None else ()
    return [
        {"label": f"{row['name']} · {(row['symbol'] or '').upper()}", "value": row["coin_id"], "search": wanted}
        for place, row in enumerate(found)
        if place < CHOICES_SHOWN or row["coin_id"] in kept
    ]
