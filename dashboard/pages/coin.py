"""One coin: what it is worth, how that moves, and its bars with their indicators."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from dash import Dash, Input, Output, Patch, State, ctx, dcc, html, no_update
from dash.exceptions import PreventUpdate

from dashboard import names
from dashboard.address import BARS, Address, Page
from dashboard.database import Row
from dashboard.figures.candles import Figure, candles
from dashboard.market import Market, if_it_can_be_read
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


class Content(NamedTuple):
    """The children of the page's parts, the chart, whether both are hidden, and what the page is filled with."""

    notice: Any = None
    head: Any = None
    bars: Any = None
    spans: Any = None
    downloads: Any = None
    chart: Any = NOTHING_YET
    state: str = "waiting"
    filled: str | None = None


def layout(market: Market, address: Address) -> html.Div:
    """Hidden while there is nothing to show."""
    content = if_it_can_be_read(lambda: _content(market, address)) or Content()
    tools = [
        dcc.Dropdown(id="coin-choice", placeholder="Another coin …", clearable=False, className="coin-choice"),
        html.Div(content.bars, id="bars"),
        html.Div(content.spans, id="spans"),
        html.Div(content.downloads, id="coin-downloads", className="choices"),
    ]
    graph = dcc.Graph(id="candles", figure=content.chart, config=GRAPH)
    chart = html.Section([html.Header(tools), html.Div(graph, className="candles")], className="card")
    return html.Div(
        [
            html.Div(content.notice, id="coin-notice"),
            html.Div(
                [html.Div(content.head, id="coin-head", className="head"), chart], id="coin", className=content.state
            ),
            dcc.Store(id="coin-filled", data=content.filled),
            dcc.Store(id="coin-chosen"),
        ]
    )


def register(app: Dash, market: Market) -> None:
    _register_filling(app, market)
    _register_choice(app, market)


def _register_filling(app: Dash, market: Market) -> None:
    @app.callback(
        Output("coin-notice", "children"),
        Output("coin-head", "children"),
        Output("bars", "children"),
        Output("spans", "children"),
        Output("coin-downloads", "children"),
        Output("candles", "figure"),
        Output("coin", "className"),
        Output("coin-filled", "data"),
        Output("coin-chosen", "data"),
        Output("coin-choice", "value"),
        Input("version", "data"),
        Input("address", "href"),
        Input("coin-choice", "value"),
        State("coin", "className"),
        State("coin-filled", "data"),
    )
    def fill(version: str | None, href: str, chosen: str | None, state: str, filled: str | None) -> Any:
        """With the coin that is chosen, or else the one that the address names."""
        address = Address.read(href)
        if chosen:
            address = address.of(coin=chosen)
        if not version or address.page is not Page.COIN or (filled == market.filling(address) and not chosen):
            raise PreventUpdate
        content = _content(market, address)
        is_only_newer = ctx.triggered_id == "version" and not chosen
        if is_only_newer and state == content.state == "":
            content = content._replace(chart=_redrawn(content.chart))
        return *content, str(address) if chosen else no_update, None


def _register_choice(app: Dash, market: Market) -> None:
    """Which coins are offered, and the address of the one that was chosen."""

    @app.callback(
        Output("address", "href", allow_duplicate=True), Input("coin-chosen", "data"), prevent_initial_call=True
    )
    def follow(chosen: str) -> str:
        """What is chosen is shown first: a page whose address has changed asks for more before it is filled."""
        return chosen

    @app.callback(
        Output("coin-choice", "options"), Input("coin-choice", "search_value"), Input("address", "href"),
        Input("version", "data"), State("coin-choice", "options"),
    )  # fmt: skip
    def offer(words: str | None, href: str, version: str | None, offered: Sequence[Option] | None) -> Any:
        if not version:
            raise PreventUpdate
        currency = market.currency(Address.read(href).currency)["vs_currency"]
        return _options(market.overview(currency), words, offered or ())


def named(market: Market, address: Address) -> Address:
    """With what the address does not say: the first currency, its largest coin."""
    address = address.of(currency=market.currency(address.currency)["vs_currency"])
    return address if address.coin else address.of(coin=market.overview(address.currency)[0]["coin_id"])


def _content(market: Market, address: Address) -> Content:
    filled, address = market.filling(address), named(market, address)
    coin = market.coin(address.coin, address.currency)
    if coin is None:
        return Content(_unknown(market, address), filled=filled)
    path = str(address.of(page=Page.COIN)).removeprefix("/").partition("?")
    return Content(
        None,
        head(coin),
        choices(address, "bars", list(BARS), address.bars),
        choices(address, "span", BARS[address.bars].spans, address.span),
        downloads(path[0], f"?{path[2]}"),
        candles(market.bars(coin, address), address),
        "",
        filled,
    )


def _redrawn(chart: Figure) -> Patch:
    """What is new in a chart that somebody looks at. Its axes, which may be zoomed, are left to the browser."""
    patch = Patch()
    patch["data"] = chart["data"]
    patch["layout"]["shapes"] = chart["layout"]["shapes"]
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
    found = [row for row in rows if wanted in f"{row['name'] or ''} {row['symbol'] or ''} {row['coin_id']}".casefold()]
    kept = {option["value"] for option in offered} if words is None else ()
    return [
        {"label": _label(row), "value": row["coin_id"], "search": wanted}
        for place, row in enumerate(found)
        if place < CHOICES_SHOWN or row["coin_id"] in kept
    ]


def _label(row: Row) -> str:
    return f"{names.name(row)} · {names.symbol(row).upper()}"
