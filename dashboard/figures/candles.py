"""One coin: candles with averages and bands, and panes for volume, RSI and MACD below each other.

Figure and traces are dicts in the form of Plotly's schema (https://plotly.com/javascript/reference/). Plotly's own
classes check every number of them, which takes longer than all else that a page needs here; the tests do that.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import groupby, pairwise
from typing import Any

from dashboard import numbers
from dashboard.address import BARS, Address
from dashboard.database import Row
from dashboard.figures.ink import AVERAGE, BAND, DOWN, EXPONENTIAL, FLAT, UP, shaded
from dashboard.figures.panes import MACD, PRICE, RSI, VOLUME, Pane, layout

MILLION = 1e6

Columns = dict[str, list[Any]]
Trace = dict[str, Any]
Figure = dict[str, Any]


def candles(rows: Sequence[Row], address: Address) -> Figure:
    """Of the rows of `queries.bars`. What repeats the bar before it is grey; where bars are missing, it is shaded."""
    gaps = list(_gaps(rows, address))
    columns, price_format = _columns(rows, gaps), _price_format(rows)
    traces = [*_price(columns, price_format), *_bars(rows, price_format), *_below(columns)] if rows else []
    return {"data": traces, "layout": layout(gaps, str(address))}


def _gaps(rows: Sequence[Row], address: Address) -> Iterator[tuple[datetime, datetime]]:
    """Where bars are missing: from the end of the bar before to the start of the one after."""
    length = BARS[address.bars].length
    for before, after in pairwise(rows):
        if after["bar_start"] - before["bar_start"] > length:
            yield before["bar_start"] + length, after["bar_start"]


def _columns(rows: Sequence[Row], gaps: list[tuple[datetime, datetime]]) -> Columns:
    """With a row of nulls in every gap, so that no line is drawn across."""
    nulls = [dict.fromkeys(rows[0], None) | {"bar_start": start} for start, _ in gaps]
    ordered = sorted([*rows, *nulls], key=lambda row: row["bar_start"])
    return {name: [row[name] for row in ordered] for name in (rows[0] if rows else {})}


def _price_format(rows: Sequence[Row]) -> str:
    """How d3 writes these prices as numbers.py does."""
    return ",.6~r" if max((row["high"] or 0 for row in rows), default=0) < MILLION else ",.0f"


def _price(columns: Columns, price_format: str) -> Iterator[Trace]:
    yield _band(columns)
    # Prices are sampled: a bar of one price is a dash, and the eye needs something to follow.
    thread = {"color": shaded(FLAT, 0.6), "width": 1, "shape": "hv"}
    yield _line(PRICE, columns, "close", "Price", line=thread, hoverinfo="skip", showlegend=False)
    hover = f"%{{y:{price_format}}}"
    for column, name, colour in (("sma_20", "SMA 20 min", AVERAGE), ("ema_20", "EMA 20 min", EXPONENTIAL)):
        yield _line(PRICE, columns, column, name, line={"color": colour, "width": 1.4}, hovertemplate=hover)


def _band(columns: Columns) -> Trace:
    """The room between the Bollinger bands: a closed outline for each stretch of bars that has them."""
    bars = zip(*(columns[name] for name in ("bar_start", "bollinger_upper_20", "bollinger_lower_20")), strict=True)
    outline: list[tuple[datetime | None, float | None]] = []
    for is_known, stretch in groupby(bars, key=lambda bar: bar[1] is not None):
        if is_known:
            starts, upper, lower = zip(*stretch, strict=True)
            outline += [*zip(starts, upper, strict=True), *zip(starts[::-1], lower[::-1], strict=True), (None, None)]
    return {
        "type": "scatter",
        "x": [start for start, _ in outline],
        "y": [price for _, price in outline],
        "name": "Bollinger 20 min",
        "mode": "lines",
        "line": {"color": shaded(BAND, 0.5), "width": 1},
        "fill": "toself",
        "fillcolor": shaded(BAND, 0.09),
        "hoverinfo": "skip",
    }


def _bars(rows: Sequence[Row], price_format: str) -> Iterator[Trace]:
    yield _candlesticks([row for row in rows if not row["is_filled"]], "Bars", UP, DOWN, price_format)
    yield _candlesticks([row for row in rows if row["is_filled"]], "Filled", FLAT, FLAT, price_format)


def _candlesticks(rows: Sequence[Row], name: str, up: str, down: str, price_format: str) -> Trace:
    prices = {part: [row[part] for row in rows] for part in ("open", "high", "low", "close")}
    return prices | {
        "type": "candlestick",
        "x": [row["bar_start"] for row in rows],
        "name": name,
        "increasing": {"line": {"color": up, "width": 1}, "fillcolor": up},
        "decreasing": {"line": {"color": down, "width": 1}, "fillcolor": down},
        "yhoverformat": price_format,
        "showlegend": bool(rows) and name == "Filled",
    }


def _below(columns: Columns) -> Iterator[Trace]:
    area = {"fill": "tozeroy", "fillcolor": shaded(EXPONENTIAL, 0.12)}
    said = {"customdata": [numbers.amount(value) for value in columns["volume_24h"]], "hovertemplate": "%{customdata}"}
    yield _thin_line(VOLUME, columns, "volume_24h", "Volume 24 h", EXPONENTIAL, **area, **said)
    yield _thin_line(RSI, columns, "rsi_14", "RSI 14 min", BAND, hovertemplate="%{y:.1f}")
    yield from _histogram(columns)
    yield _thin_line(MACD, columns, "macd", "MACD", EXPONENTIAL)
    yield _thin_line(MACD, columns, "macd_signal", "Signal", AVERAGE)


def _histogram(columns: Columns) -> Iterator[Trace]:
    """Two areas with steps, above zero and below it: a shape for each bar is a quarter of the chart's work."""
    values = columns["macd_histogram"]
    said = {"customdata": values, "hovertemplate": "%{customdata:,.3~r}"}
    for colour, side, hover in ((UP, max, said), (DOWN, min, {"hoverinfo": "skip"})):
        heights = [None if value is None else side(value, 0) for value in values]
        steps = {"mode": "lines", "line": {"width": 0, "shape": "hvh"}, "fill": "tozeroy"}
        place = {"x": columns["bar_start"], "y": heights, "yaxis": MACD.axis_name}
        look = {"fillcolor": shaded(colour, 0.65), "showlegend": False}
        yield {"type": "scatter", "name": "Histogram", **place, **steps, **look, **hover}


def _thin_line(pane: Pane, columns: Columns, column: str, name: str, colour: str, **look: Any) -> Trace:
    return _line(pane, columns, column, name, line={"color": colour, "width": 1.2}, showlegend=False, **look)


def _line(pane: Pane, columns: Columns, column: str, name: str, **look: Any) -> Trace:
    axes = {"x": columns["bar_start"], "y": columns[column], "yaxis": pane.axis_name}
    return {"type": "scatter", **axes, "name": name, "mode": "lines", **look}
