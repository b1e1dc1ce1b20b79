"""The chart of a coin is what Plotly's schema allows, whatever bars there are."""

from datetime import UTC, datetime, timedelta
from typing import Any

import plotly.graph_objects as go
import pytest

from dashboard.address import Address
from dashboard.figures.candles import candles

ADDRESS = Address.read("/coin/bitcoin?currency=usd&bars=1m&span=1h")
START = datetime(2026, 1, 1, tzinfo=UTC)
PRICES = ("open", "high", "low", "close", "sma_20", "ema_20", "bollinger_upper_20", "bollinger_lower_20")
OTHERS = ("volume_24h", "rsi_14", "macd", "macd_signal", "macd_histogram")


def bar(minute: int, value: float | None, *, is_filled: bool = False) -> dict[str, Any]:
    numbers: dict[str, Any] = dict.fromkeys((*PRICES, *OTHERS), value)
    return numbers | {"bar_start": START + timedelta(minutes=minute), "is_filled": is_filled}


@pytest.mark.parametrize(
    "rows",
    [[], [bar(0, 1.0)], [bar(0, 1.0), bar(1, 2.0, is_filled=True), bar(7, -1e-9), bar(8, 1e12)]],
    ids=["none", "one", "with a gap"],
)
def test_plotly_knows_every_part_of_it(rows: list[dict[str, Any]]) -> None:
    """Its classes raise for a name or a value that the browser would silently leave out."""
    figure = candles(rows, ADDRESS)
    assert len(go.Figure(figure).data) == len(figure["data"]) == (12 if rows else 0)


def test_plotly_would_have_said_so() -> None:
    wrong = candles([bar(0, 1.0)], ADDRESS)
    wrong["data"][0]["colour"] = "red"
    with pytest.raises(ValueError, match="colour"):
        go.Figure(wrong)


def test_the_histogram_is_an_area_on_each_side_of_zero() -> None:
    rows = [bar(0, 2.0), bar(1, -3.0), bar(2, None), bar(3, 0.0)]
    above, below = (trace for trace in candles(rows, ADDRESS)["data"] if trace["name"] == "Histogram")
    assert above["y"] == [2.0, 0, None, 0.0]
    assert below["y"] == [0, -3.0, None, 0.0]
    assert above["customdata"] == [2.0, -3.0, None, 0.0]


@pytest.mark.parametrize(("price", "written"), [(999_999.0, ",.6~r"), (14_213_417.0, ",.0f")])
def test_a_large_price_keeps_all_digits_before_the_point(price: float, written: str) -> None:
    traces = {trace["name"]: trace for trace in candles([bar(0, price)], ADDRESS)["data"]}
    assert traces["Bars"]["yhoverformat"] == written
    assert traces["SMA 20 min"]["hovertemplate"] == f"%{{y:{written}}}"


def test_an_amount_is_written_as_elsewhere() -> None:
    volume = next(trace for trace in candles([bar(0, 9e10)], ADDRESS)["data"] if trace["name"] == "Volume 24 h")
    assert (volume["customdata"], volume["hovertemplate"]) == (["90B"], "%{customdata}")


def test_no_line_is_drawn_across_a_gap() -> None:
    figure = candles([bar(0, 1.0), bar(7, 2.0)], ADDRESS)
    line = next(trace for trace in figure["data"] if trace["name"] == "SMA 20 min")
    assert line["y"] == [1.0, None, 2.0]
    (shape,) = (shape for shape in figure["layout"]["shapes"] if shape["type"] == "rect")
    assert (shape["x0"], shape["x1"]) == (START + timedelta(minutes=1), START + timedelta(minutes=7))
