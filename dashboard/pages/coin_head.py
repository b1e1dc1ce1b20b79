"""What is said of a coin above its chart."""

from dash import html
from dash.development.base_component import Component

from coinloom.wording import age
from dashboard import names, numbers
from dashboard.address import CHANGES
from dashboard.database import Row
from dashboard.parts import change, figure_of


def head(coin: Row) -> list[Component]:
    """Of a row of `coin_overview`."""
    return [html.Div([_title(coin), _quote(coin)], className="who"), html.Div(_figures(coin), className="kpis")]


def _title(coin: Row) -> Component:
    rank = coin["market_cap_rank"]
    return html.H1(
        [
            html.Span(names.name(coin)),
            html.Span(names.symbol(coin), className="symbol"),
            html.Span(rank and f"#{rank}", className="symbol"),
        ]
    )


def _quote(coin: Row) -> Component:
    return html.Div(
        [
            html.Span(numbers.price(coin["price"]), id="coin-price", className="price"),
            html.Span(coin["vs_currency"], className="unit"),
            change(coin["price_change_24h_pct"]),
        ],
        className="quote",
    )


def _figures(coin: Row) -> list[Component]:
    return [
        *(figure_of(over, change(coin[f"price_change_{over}_pct"])) for over in CHANGES),
        figure_of("Range 24 h", _range(coin), "lowest and highest price that a poll has seen in 24 hours"),
        figure_of("Market cap", numbers.amount(coin["market_cap"])),
        figure_of("Volume 24 h", numbers.amount(coin["volume_24h"])),
        figure_of("Last update", _last_update(coin), "before the newest minute of its currency"),
    ]


def _range(coin: Row) -> Component | str:
    low, high = coin["low_24h_own"], coin["high_24h_own"]
    if low is None or high is None:
        return numbers.ABSENT
    place = (coin["price"] - low) / (high - low) if high > low else 0.5
    marker = html.I(style={"left": f"{100 * min(max(place, 0), 1):.1f}%"})
    return html.Span(
        [html.Span(numbers.price(low)), html.Span(marker, className="range"), html.Span(numbers.price(high))],
        className="low-high",
    )


def _last_update(coin: Row) -> str:
    minutes = coin["minutes_since_update"]
    return f"{age(60 * minutes)} before" if minutes else "this minute"
