"""Who rises and falls most, the market at a glance, and all of it as a table."""

from collections.abc import Sequence
from statistics import median
from typing import Any, NamedTuple
from urllib.parse import urlencode

from dash import Dash, Input, Output, Patch, State, dcc, html
from dash.development.base_component import Component
from dash.exceptions import PreventUpdate

from dashboard import names, numbers
from dashboard.address import CHANGES, Address, Page
from dashboard.database import Row
from dashboard.figures.treemap import treemap
from dashboard.market import Market, if_it_can_be_read
from dashboard.pages.market_table import market_rows, market_table
from dashboard.parts import card, change, choices, downloads, figure_of

FIRST_ROWS = 40
"""Of the table of a page that is opened: more than a screen shows."""
OTHERS_AFTER_MS = 500


class Content(NamedTuple):
    """The children of the page's parts, the rows of its table, whether it is hidden, and what it is filled with."""

    summary: Any = None
    gainers: Any = None
    losers: Any = None
    changes: Any = None
    treemap: Any = None
    rows: Any = ()
    downloads: Any = None
    state: str = "waiting"
    filled: str | None = None


def layout(market: Market, address: Address) -> html.Div:
    """Hidden while there is nothing to show. Of the table, the first rows; the others follow once."""
    content = if_it_can_be_read(lambda: _content(market, address, FIRST_ROWS)) or Content()
    search = dcc.Input(id="search", type="search", placeholder="Find a coin", debounce=0.2, className="search")
    files = html.Div(content.downloads, id="market-downloads", className="choices")
    return html.Div(
        [
            html.Div(content.summary, id="summary", className="kpis"),
            html.Div(
                [
                    card("Top gainers, 5 min", html.Div(content.gainers, id="gainers")),
                    card("Top losers, 5 min", html.Div(content.losers, id="losers")),
                    card(
                        "Market map, by the root of the market cap",
                        html.Div(content.treemap, id="treemap", className="treemap"),
                        tools=[html.Div(content.changes, id="changes")],
                        id="map",
                    ),
                ],
                className="movers",
            ),
            card("Market", market_table(content.rows), tools=[search, files]),
            dcc.Interval(id="opened", interval=OTHERS_AFTER_MS, max_intervals=1),
            dcc.Store(id="movers-filled", data=content.filled),
        ],
        id="movers",
        className=content.state,
    )


def register(app: Dash, market: Market) -> None:
    _register_filling(app, market)
    _register_table(app)


def _register_filling(app: Dash, market: Market) -> None:
    """All of it after a publish, and the rows that the table of a page that is opened does not have."""

    @app.callback(
        Output("summary", "children"),
        Output("gainers", "children"),
        Output("losers", "children"),
        Output("changes", "children"),
        Output("treemap", "children"),
        Output("market", "rowData"),
        Output("market-downloads", "children"),
        Output("movers", "className"),
        Output("movers-filled", "data"),
        Input("version", "data"),
        Input("address", "href"),
        State("movers-filled", "data"),
    )
    def fill(version: str | None, href: str, filled: str | None) -> Content:
        address = Address.read(href)
        if not version or address.page is not Page.MOVERS or filled == market.filling(address):
            raise PreventUpdate
        return _content(market, address)

    @app.callback(
        Output("market", "rowData", allow_duplicate=True),
        Input("opened", "n_intervals"),
        State("address", "href"),
        State("movers-filled", "data"),
        prevent_initial_call=True,
    )
    def fill_others(_: int, href: str, filled: str | None) -> list[Row]:
        if not filled:
            raise PreventUpdate
        currency = market.currency(Address.read(href).currency)["vs_currency"]
        return market_rows(market.overview(currency), currency)


def _register_table(app: Dash) -> None:
    """What somebody searches in it, and which row leads to its coin."""

    @app.callback(Output("market", "dashGridOptions"), Input("search", "value"), prevent_initial_call=True)
    def find(words: str | None) -> Patch:
        options = Patch()
        options["quickFilterText"] = words or ""
        return options

    @app.callback(
        Output("address", "href"), Input("market", "cellClicked"), State("address", "href"), prevent_initial_call=True
    )
    def open_coin(cell: dict[str, Any] | None, href: str) -> str:
        if not cell:
            raise PreventUpdate
        return str(Address.read(href).of(page=Page.COIN, coin=str(cell["rowId"])))


def _content(market: Market, address: Address, first_rows: int | None = None) -> Content:
    """Of the table, so many rows, or all."""
    filled = market.filling(address)
    currency = market.currency(address.currency)["vs_currency"]
    rows, top_5 = market.overview(currency), market.top_5(currency)
    address = address.of(currency=currency, change=address.change or _usual_change(rows))
    return Content(
        _summary(rows, address),
        _board([row for row in top_5 if row["board"] == "gainers"], address),
        _board([row for row in top_5 if row["board"] == "losers"], address),
        choices(address, "change", CHANGES, address.change),
        treemap(rows, address),
        market_rows(rows[:first_rows], currency),
        downloads("market", f"?{urlencode({'currency': currency})}"),
        "",
        filled,
    )


def _usual_change(rows: Sequence[Row]) -> str:
    """A day's; in a warehouse that is younger, the longest that most coins have."""
    for over in ("24h", "1h", "5m"):
        if 2 * sum(row[f"price_change_{over}_pct"] is not None for row in rows) > len(rows):
            return over
    return "1m"


def _board(rows: Sequence[Row], address: Address) -> Component:
    if not rows:
        return html.P("Nobody, over the last five minutes.", className="nobody")
    return html.Ol([_place(row, address) for row in rows], className="board")


def _place(row: Row, address: Address) -> html.Li:
    called = [html.Span(names.symbol(row), className="symbol"), html.Span(names.name(row), className="name")]
    link = dcc.Link(called, href=str(address.of(page=Page.COIN, coin=row["coin_id"])), className="coin")
    price = html.Span(numbers.price(row["price"]), className="price")
    return html.Li([html.Span(row["rank"], className="rank"), link, price, change(row["price_change_5m_pct"])])


def _summary(rows: Sequence[Row], address: Address) -> list[Component]:
    """Over the time that the address names, and of the coins whose change is known."""
    changes = [row[f"price_change_{address.change}_pct"] for row in rows]
    known = [value for value in changes if value is not None]
    rising, falling = sum(value > 0 for value in known), sum(value < 0 for value in known)
    return [
        figure_of("Coins", f"{len(rows):,}"),
        figure_of(f"Rising, {address.change}", html.Span(f"▲ {rising:,}", className="up")),
        figure_of(f"Falling, {address.change}", html.Span(f"▼ {falling:,}", className="down")),
        figure_of(f"Median change, {address.change}", change(median(known) if known else None)),
        figure_of("Market cap", _total(rows, "market_cap", address), "of the coins that are shown"),
        figure_of("Volume 24 h", _total(rows, "volume_24h", address), "of the coins that are shown"),
    ]


def _total(rows: Sequence[Row], column: str, address: Address) -> str:
    known = [row[column] for row in rows if row[column] is not None]
    return f"{numbers.amount(sum(known))} {address.currency.upper()}" if known else numbers.ABSENT
