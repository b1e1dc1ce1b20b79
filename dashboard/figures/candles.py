"""One coin: candles with averages and bands, and panes for volume, RSI and MACD below each other."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import groupby, pairwise
from typing import Any

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from dashboard.address import BARS, Address
from dashboard.database import Row
from dashboard.figures.ink import AVERAGE, BAND, CLEAR, DOWN, EXPONENTIAL, FLAT, FONT, UP, shaded

PANES = ("Price", "Volume 24 h", "RSI 14 min", "MACD 12 26 9 min")
HEIGHTS = (0.56, 0.12, 0.16, 0.16)
OVERSOLD, OVERBOUGHT = 30, 70

Columns = dict[str, list[Any]]


def candles(rows: Sequence[Row], address: Address) -> go.Figure:
    """Of the rows of `queries.bars`. What repeats the bar before it is grey; where bars are missing, it is shaded."""
    figure = make_subplots(rows=4, cols=1, shared_xaxes=True, row_heights=HEIGHTS, vertical_spacing=0.025)
    gaps = list(_gaps(rows, address))
    columns = _columns(rows, gaps)
    _add_lines(figure, columns)
    _add_bars(figure, rows)
    _add_panes(figure, columns)
    _shade(figure, gaps)
    return _laid_out(figure, address)


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


def _add_lines(figure: go.Figure, columns: Columns) -> None:
    _add_band(figure, columns)
    # Prices are sampled: a bar of one price is a dash, and the eye needs something to follow.
    thread = {"color": shaded(FLAT, 0.6), "width": 1, "shape": "hv"}
    _line(figure, 1, columns, "close", mode="lines", line=thread, hoverinfo="skip", showlegend=False)
    average: dict[str, Any] = {"mode": "lines", "hovertemplate": "%{y:,.6~r}"}
    _line(figure, 1, columns, "sma_20", name="SMA 20 min", line={"color": AVERAGE, "width": 1.4}, **average)
    _line(figure, 1, columns, "ema_20", name="EMA 20 min", line={"color": EXPONENTIAL, "width": 1.4}, **average)


def _add_band(figure: go.Figure, columns: Columns) -> None:
    """The room between the Bollinger bands: a closed outline for each stretch of bars that has them."""
    names = ("bar_start", "bollinger_upper_20", "bollinger_lower_20")
    x: list[Any] = []
    y: list[Any] = []
    for is_known, stretch in groupby(zip(*(columns.get(name, []) for name in names), strict=True), key=_has_a_band):
        if is_known:
            starts, upper, lower = zip(*stretch, strict=True)
            x += [*starts, *reversed(starts), None]
            y += [*upper, *reversed(lower), None]
    look = {"mode": "lines", "line": {"color": shaded(BAND, 0.5), "width": 1}, "fill": "toself"}
    band = go.Scatter(x=x, y=y, name="Bollinger 20 min", fillcolor=shaded(BAND, 0.09), hoverinfo="skip", **look)
    figure.add_trace(band, row=1, col=1)


def _has_a_band(bar: tuple[datetime, float | None, float | None]) -> bool:
    return bar[1] is not None


def _add_bars(figure: go.Figure, rows: Sequence[Row]) -> None:
    seen = [row for row in rows if not row["is_filled"]]
    filled = [row for row in rows if row["is_filled"]]
    _candlestick(figure, seen, "Bars", UP, DOWN)
    _candlestick(figure, filled, "Filled", FLAT, FLAT)


def _candlestick(figure: go.Figure, rows: Sequence[Row], name: str, up: str, down: str) -> None:
    prices = {part: [row[part] for row in rows] for part in ("open", "high", "low", "close")}
    figure.add_trace(
        go.Candlestick(
            x=[row["bar_start"] for row in rows],
            **prices,
            name=name,
            increasing={"line": {"color": up, "width": 1}, "fillcolor": up},
            decreasing={"line": {"color": down, "width": 1}, "fillcolor": down},
            yhoverformat=",.6~r",
            showlegend=bool(rows) and name != "Bars",
        ),
        row=1,
        col=1,
    )


def _add_panes(figure: go.Figure, columns: Columns) -> None:
    volume = {"line": {"color": EXPONENTIAL, "width": 1.2}, "fill": "tozeroy", "fillcolor": shaded(EXPONENTIAL, 0.12)}
    _line(figure, 2, columns, "volume_24h", name="Volume 24 h", mode="lines", showlegend=False, **volume)
    _line(
        figure,
        3,
        columns,
        "rsi_14",
        name="RSI 14 min",
        mode="lines",
        showlegend=False,
        line={"color": BAND, "width": 1.3},
    )
    for level in (OVERSOLD, OVERBOUGHT):
        figure.add_hline(level, row=3, col=1, line={"color": shaded(FLAT, 0.5), "width": 1, "dash": "dot"})
    histogram = columns.get("macd_histogram", [])
    colours = [shaded(UP if (value or 0) >= 0 else DOWN, 0.65) for value in histogram]
    figure.add_trace(
        go.Bar(x=columns.get("bar_start"), y=histogram, marker={"color": colours}, name="Histogram", showlegend=False),
        row=4,
        col=1,
    )
    for name, column, colour in (("MACD", "macd", EXPONENTIAL), ("Signal", "macd_signal", AVERAGE)):
        line = {"color": colour, "width": 1.2}
        _line(figure, 4, columns, column, name=name, mode="lines", showlegend=False, line=line)


def _line(figure: go.Figure, pane: int, columns: Columns, column: str, **look: Any) -> None:
    figure.add_trace(go.Scatter(x=columns.get("bar_start"), y=columns.get(column), **look), row=pane, col=1)


def _shade(figure: go.Figure, gaps: list[tuple[datetime, datetime]]) -> None:
    shade = {"type": "rect", "yref": "paper", "y0": 0, "y1": 1, "line": {"width": 0}, "fillcolor": shaded(FLAT, 0.16)}
    shapes = [shade | {"x0": start, "x1": end, "xref": "x", "layer": "below"} for start, end in gaps]
    figure.update_layout(shapes=[*figure.layout.shapes, *shapes])


def _laid_out(figure: go.Figure, address: Address) -> go.Figure:
    figure.update_xaxes(rangeslider={"visible": False}, showspikes=True, spikemode="across", spikethickness=1)
    figure.update_xaxes(spikecolor=shaded(FLAT, 0.7), spikedash="solid", showgrid=True, zeroline=False)
    figure.update_yaxes(side="right", showgrid=True, zeroline=False, fixedrange=False, nticks=5)
    figure.update_yaxes(tickformat=",.6~r", row=1, col=1, nticks=9)
    figure.update_yaxes(exponentformat="B", row=2, col=1, nticks=3, rangemode="tozero")
    figure.update_yaxes(range=[0, 100], tickvals=[OVERSOLD, OVERBOUGHT], row=3, col=1)
    for number, title in enumerate(PANES, start=1):
        axis = "" if number == 1 else str(number)
        figure.add_annotation(
            text=title,
            xref="paper",
            x=0.004,
            yref=f"y{axis} domain",
            y=0.98,
            showarrow=False,
            xanchor="left",
            yanchor="top",
            font={"size": 11},
        )
    return figure.update_layout(
        margin={"t": 28, "l": 4, "r": 62, "b": 24},
        paper_bgcolor=CLEAR,
        plot_bgcolor=CLEAR,
        font={"family": FONT, "size": 12},
        hovermode="x unified",
        dragmode="pan",
        bargap=0.2,
        legend={"orientation": "h", "x": 1, "xanchor": "right", "y": 1.005, "yanchor": "bottom", "bgcolor": CLEAR},
        uirevision=str(address),
    )
