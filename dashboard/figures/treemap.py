"""The market at a glance: a tile for each of the largest coins, its colour the change.

A tile's area is the square root of the market cap: else the largest coin would leave no room to read the others.
"""

from collections.abc import Sequence
from math import sqrt

import plotly.graph_objects as go

from dashboard import numbers
from dashboard.database import Row
from dashboard.figures.ink import CLEAR, FLAT, FONT, plain, shaded

TILES = 60
# From deep red over slate to deep green, all dark enough for white text.
SCALE = [[0, "#b3263e"], [0.35, "#7d4450"], [0.5, "#4a5364"], [0.65, "#3a6b5c"], [1, "#0e8a5f"]]
DEEPEST = {"1m": 0.3, "5m": 0.6, "1h": 1.5, "24h": 5, "7d": 12}
"""The change, in per cent, from which on a colour is no deeper."""


def treemap(rows: Sequence[Row], change: str) -> go.Figure:
    """Of the rows of `coin_overview` that have a market cap. One whose change is not known has the colour of none."""
    column = f"price_change_{change}_pct"
    tiles = [row for row in rows if row["market_cap"]][:TILES]
    figure = go.Figure(
        go.Treemap(
            ids=[row["coin_id"] for row in tiles],
            labels=[plain((row["symbol"] or row["coin_id"]).upper()) for row in tiles],
            parents=[""] * len(tiles),
            values=[sqrt(row["market_cap"]) for row in tiles],
            text=[numbers.change(row[column]) for row in tiles],
            customdata=[[plain(row["name"]), numbers.price(row["price"]), row["coin_id"]] for row in tiles],
            texttemplate="<b>%{label}</b><br>%{text}",
            hovertemplate="<b>%{customdata[0]}</b><br>%{customdata[1]}<br>%{text}<extra></extra>",
            textposition="middle center",
            tiling={"pad": 2},
            pathbar={"visible": False},
            root={"color": shaded(FLAT, 0.01)},
            marker={
                "colors": [row[column] or 0 for row in tiles],
                "colorscale": SCALE,
                "cmin": -DEEPEST[change],
                "cmax": DEEPEST[change],
                "line": {"width": 0},
                "pad": {"t": 0, "l": 0, "r": 0, "b": 0},
                "cornerradius": 3,
            },
        )
    )
    return figure.update_layout(
        margin={"t": 0, "l": 0, "r": 0, "b": 0},
        paper_bgcolor=CLEAR,
        font={"family": FONT, "color": "#ffffff", "size": 15},
        uirevision=change,
    )
