"""The faults that lie in an answer's rows or, for a chart, in its samples: right answers in, wrong ones out."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from simulator.faults import Fault
from simulator.timestamps import iso_utc

AHEAD, BACK = timedelta(minutes=5), timedelta(minutes=-10)
LEFT_OUT_OF = 10  # one row or sample of so many is missing, or has no price

Row = dict[str, Any]
Chart = dict[str, list[list[Any]]]


def spoil(fault: Fault | None, body: Any) -> Any:
    """The rows of `/coins/markets`, or a chart, as this fault leaves them."""
    if isinstance(body, list):
        return _ROWS[fault](body) if fault in _ROWS else body
    return _CHARTS[fault](body) if fault in _CHARTS else body


def _without_some(rows: list[Row]) -> list[Row]:
    return [row for at, row in enumerate(rows) if at % LEFT_OUT_OF]


def _without_some_prices(rows: list[Row]) -> list[Row]:
    return [row if at % LEFT_OUT_OF else row | {"current_price": None} for at, row in enumerate(rows)]


def _with_an_odd_row(rows: list[Row]) -> list[Row]:
    odd = {"id": 7, "current_price": "much", "market_cap": [], "last_updated": "yesterday"}
    return [*rows[:-1], rows[-1] | odd] if rows else rows


def _moved(by: timedelta) -> Callable[[list[Row]], list[Row]]:
    def move(text: str | None) -> str | None:
        return text and iso_utc(round(1000 * (datetime.fromisoformat(text) + by).timestamp()))

    return lambda rows: [row | {"last_updated": move(row["last_updated"])} for row in rows]


def _chart_without_some(chart: Chart) -> Chart:
    return {name: [pair for at, pair in enumerate(pairs) if at % LEFT_OUT_OF] for name, pairs in chart.items()}


def _chart_without_some_prices(chart: Chart) -> Chart:
    prices = [[time, value if at % LEFT_OUT_OF else None] for at, (time, value) in enumerate(chart["prices"])]
    return chart | {"prices": prices}


def _chart_with_an_odd_sample(chart: Chart) -> Chart:
    return {name: [*pairs[:-1], ["yesterday", "much"]] if pairs else pairs for name, pairs in chart.items()}


def _chart_moved(by: timedelta) -> Callable[[Chart], Chart]:
    by_ms = by // timedelta(milliseconds=1)
    return lambda chart: {name: [[time + by_ms, value] for time, value in pairs] for name, pairs in chart.items()}


_ROWS: dict[Fault | None, Callable[[list[Row]], list[Row]]] = {
    Fault.MISSING_IDS: _without_some,
    Fault.NULL_PRICES: _without_some_prices,
    Fault.ODD_ROW: _with_an_odd_row,
    Fault.CLOCK_AHEAD: _moved(AHEAD),
    Fault.REVERSED: _moved(BACK),
}
_CHARTS: dict[Fault | None, Callable[[Chart], Chart]] = {
    Fault.MISSING_IDS: _chart_without_some,
    Fault.NULL_PRICES: _chart_without_some_prices,
    Fault.ODD_ROW: _chart_with_an_odd_sample,
    Fault.CLOCK_AHEAD: _chart_moved(AHEAD),
    Fault.REVERSED: _chart_moved(BACK),
}
