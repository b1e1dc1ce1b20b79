"""The panes of a coin's chart: below each other over one axis of time, so that what is zoomed in one is in all."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from dashboard.figures.ink import CLEAR, FLAT, FONT, shaded

SPACE = 0.025
OVERSOLD, OVERBOUGHT = 30, 70
TIME_AXIS = {
    "type": "date",
    "anchor": "y4",
    "rangeslider": {"visible": False},
    "showspikes": True,
    "spikemode": "across",
    "spikethickness": 1,
    "spikedash": "solid",
    "spikecolor": shaded(FLAT, 0.7),
    "showgrid": True,
    "zeroline": False,
}


@dataclass(frozen=True, slots=True)
class Pane:
    """`share` is its part of the height; `axis` how its numbers are written. Its traces are on `axis_name`."""

    title: str
    axis_name: str
    share: float
    axis: dict[str, Any] = field(default_factory=dict)


PRICE = Pane("Price", "y", 0.56, {"tickformat": ",.12~r", "nticks": 9})
VOLUME = Pane("Volume 24 h", "y2", 0.12, {"exponentformat": "B", "nticks": 3, "rangemode": "tozero"})
RSI = Pane("RSI 14 min", "y3", 0.16, {"range": [0, 100], "tickvals": [OVERSOLD, OVERBOUGHT]})
MACD = Pane("MACD 12 26 9 min", "y4", 0.16, {"nticks": 5})
PANES = (PRICE, VOLUME, RSI, MACD)


def layout(gaps: Sequence[tuple[datetime, datetime]], revision: str) -> dict[str, Any]:
    """Of the whole chart; a zoom survives new data as long as `revision` is the same."""
    axes = {
        pane.axis_name.replace("y", "yaxis"): {"domain": domain, "side": "right", "zeroline": False} | pane.axis
        for pane, domain in zip(PANES, _domains(), strict=True)
    }
    return axes | {
        "xaxis": TIME_AXIS,
        "annotations": [_title(pane) for pane in PANES],
        "shapes": [*(_gap(start, end) for start, end in gaps), _level(OVERSOLD), _level(OVERBOUGHT)],
        "margin": {"t": 28, "l": 4, "r": 62, "b": 40},
        "paper_bgcolor": CLEAR,
        "plot_bgcolor": CLEAR,
        "font": {"family": FONT, "size": 12},
        "hovermode": "x unified",
        "hoversubplots": "axis",
        "dragmode": "pan",
        "bargap": 0.2,
        "legend": {"orientation": "h", "x": 1, "xanchor": "right", "y": 1.005, "yanchor": "bottom", "bgcolor": CLEAR},
        "uirevision": revision,
    }


def _domains() -> Iterator[tuple[float, float]]:
    """From the top down, the part of the height that each pane has."""
    top, room = 1.0, 1 - SPACE * (len(PANES) - 1)
    for pane in PANES:
        bottom = max(0.0, top - pane.share * room)
        yield bottom, top
        top = bottom - SPACE


def _title(pane: Pane) -> dict[str, Any]:
    place = {"xref": "paper", "x": 0.004, "yref": f"{pane.axis_name} domain", "y": 0.98}
    return place | {"text": pane.title, "showarrow": False, "xanchor": "left", "yanchor": "top", "font": {"size": 11}}


def _gap(start: datetime, end: datetime) -> dict[str, Any]:
    place = {"x0": start, "x1": end, "xref": "x", "yref": "paper", "y0": 0, "y1": 1}
    return place | {"type": "rect", "layer": "below", "line": {"width": 0}, "fillcolor": shaded(FLAT, 0.16)}


def _level(rsi: float) -> dict[str, Any]:
    place = {"x0": 0, "x1": 1, "xref": "x domain", "yref": RSI.axis_name, "y0": rsi, "y1": rsi}
    return place | {"type": "line", "line": {"color": shaded(FLAT, 0.5), "width": 1, "dash": "dot"}}
