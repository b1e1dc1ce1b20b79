"""Who rises and falls most, the market at a glance, and all of it as a table."""

from collections.abc import Sequence
from statistics import median
from typing import Any

from dash import Dash, Input, Output, Patch, State, dcc, html, no_update
from dash.development.base_component import Component
from dash.exceptions import PreventUpdate

from dashboard import numbers
from dashboard.address import CHANGES, Address, Page
from dashboard.database import Row
from dashboard.figures.treemap import treemap
from dashboard.market import Market
from dashboard.pages.market_table import market_rows, market_table
from dashboard.parts import card, change, choices, downloads, figure_of

FIRST_ROWS = 100
"""Of the table of a page that is opened: more than a screen shows. The others follow when these are there."""


def layout() -> html.Div:
    """Empty, and hidden until there is something to show."""
    search = dcc.Input(id="search", type="search", placeholder="Find a coin", debounce=0.2, className="search")
    return html.Div(
        [
            html.Div(id="summary", className="kpis"),
            html.Div(
                [
                    card("Top gainers, 5 min", html.Div(id="gainers")),
                    card("Top losers, 5 min", html.Div(id="losers")),
                    card(
                        "Market map, by the root of the market cap",
                        html.Div(id="treemap", className="treemap"),
                        tools=[html.Div(id="changes")],
                        id="map",
                    ),
                ],
                className="movers",
            ),
            card("Market", market_table(), tools=[search, html.Div(id="market-downloads", className="choices")]),
        ],
        id="movers",
        className="waiting",
    )


def register(app: Dash, market: Market) -> None:
    @app.callback(
        Output("summary", "children"),
        Output("gainers", "children"),
        Output("losers", "children"),
        Output("changes", "children"),
        Output("treemap", "children"),
        Output("market", "rowData"),
        Output("market-downloads", "children"),
        Output("movers", "className"),
        Input("version", "data"),
        Input("address", "href"),
        State("movers", "className"),
    )
    def fill(version: str | None, href: str, state: str) -> Any:
        address = Address.read(href)
        if not version or address.page is not Page.MOVERS:
            raise PreventUpdate
        is_first = state == "waiting"
        return *_filled(market, address, FIRST_ROWS if is_first else None), "" if is_first else no_update

    @app.callback(
        Output("market", "rowData", allow_duplicate=True),
        Input("movers", "className"),
        State("address", "href"),
        prevent_initial_call=True,
    )
    def fill_rest(_: str, href: str) -> list[Row]:
        currency = market.currency(Address.read(href).currency)["vs_currency"]
        return market_rows(market.overview(currency), currency)

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


def _filled(market: Market, address: Address, first_rows: int | None) -> tuple[Any, ...]:
    """All but the page's state; of the table, so many rows, or all."""
    currency = market.currency(address.currency)["vs_currency"]
    rows, top_5 = market.overview(currency), market.top_5(currency)
    address = address.of(currency=currency, change=address.change or _usual_change(rows))
    return (
        _summary(rows, address),
        _board([row for row in top_5 if row["board"] == "gainers"], address),
        _board([row for row in top_5 if row["board"] == "losers"], address),
        choices(address, "change", CHANGES, address.change),
        treemap(rows, address),
        market_rows(rows[:first_rows], currency),
        downloads("market", f"?currency={currency}"),
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
    name = [html.Span(row["symbol"] or row["coin_id"], className="symbol"), html.Span(row["name"], className="name")]
    link = dcc.Link(name, href=str(address.of(page=Page.COIN, coin=row["coin_id"])), className="coin")
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
    return f"{numbers.amount(sum(row[column] or 0 for row in rows))} {address.currency.upper()}"
