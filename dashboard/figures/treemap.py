"""The market at a glance: a tile for each of the largest coins, its colour the change, and a link to the coin.

A tile's area is the square root of the market cap: else the largest coin would leave no room to read the others.
"""

from collections.abc import Sequence
from math import sqrt

import squarify
from dash import dcc
from plotly.colors import sample_colorscale

from dashboard import names, numbers
from dashboard.address import Address, Page
from dashboard.database import Row

TILES = 60
WIDTH, HEIGHT = 160, 100
"""The shape that the tiles are near to squares in; on a narrower page they are stretched with it."""
# From deep red over slate to deep green, all dark enough for white text.
SCALE = [[0, "#b3263e"], [0.35, "#7d4450"], [0.5, "#4a5364"], [0.65, "#3a6b5c"], [1, "#0e8a5f"]]
DEEPEST = {"1m": 0.3, "5m": 0.6, "1h": 1.5, "24h": 5, "7d": 12}
"""The change, in per cent, from which on a colour is no deeper."""


def treemap(rows: Sequence[Row], address: Address) -> list[dcc.Link]:
    """Of the rows of `coin_overview` with a market cap above 0. A change that is not known has the colour of none."""
    with_cap = [row for row in rows if (row["market_cap"] or 0) > 0]
    largest = sorted(with_cap, key=lambda row: row["market_cap"], reverse=True)[:TILES]
    sizes = squarify.normalize_sizes([sqrt(row["market_cap"]) for row in largest], WIDTH, HEIGHT)
    places = squarify.squarify(sizes, 0, 0, WIDTH, HEIGHT)
    return [_tile(row, place, address) for row, place in zip(largest, places, strict=True)]


def _tile(row: Row, place: dict[str, float], address: Address) -> dcc.Link:
    """One component, two lines: the page makes sixty of them."""
    change = row[f"price_change_{address.change}_pct"]
    return dcc.Link(
        f"{names.symbol(row)}\n{numbers.change(change)}",
        href=str(address.of(page=Page.COIN, coin=row["coin_id"])),
        title=f"{names.name(row)}\n{numbers.price(row['price'])}\n{numbers.change(change)}",
        className="tile",
        style=_look(place) | {"backgroundColor": _colour(change or 0, DEEPEST[address.change])},
    )


def _look(place: dict[str, float]) -> dict[str, str]:
    """Place, size and letters, as shares of the picture."""
    left, width = (100 * place[name] / WIDTH for name in ("x", "dx"))
    top, height = (100 * place[name] / HEIGHT for name in ("y", "dy"))
    return {
        "left": f"{left:.3f}%",
        "top": f"{top:.3f}%",
        "width": f"{width:.3f}%",
        "height": f"{height:.3f}%",
        "--letters": f"min({0.15 * width:.3f}cqw, {0.25 * height:.3f}cqh)",
    }


def _colour(change: float, deepest: float) -> str:
    share = (1 + max(-1.0, min(1.0, change / deepest))) / 2
    (colour,) = sample_colorscale(SCALE, [share])
    return str(colour)
