"""What is shown as CSV, and the lines of the market's table."""

from xml.etree import ElementTree

import pytest

from dashboard.figures.ink import DOWN, FLAT, UP
from dashboard.figures.sparkline import sparkline
from dashboard.tables import as_csv


@pytest.mark.parametrize("begin", ["=", "+", "-", "@", "\t", "\r"])
def test_text_that_a_spreadsheet_would_compute_is_quoted(begin: str) -> None:
    text = as_csv([{"name": f"{begin}cmd()", "change": -1.5, "note": "a = b"}]).decode()
    assert text == f'"name","change","note"\n"\'{begin}cmd()",-1.5,"a = b"\n'


def test_no_rows_are_an_empty_file() -> None:
    assert as_csv([]).strip() == b""


@pytest.mark.parametrize(("closes", "colour"), [([1, 3, 2], UP), ([2, 1], DOWN), ([1, 2, 1], FLAT)])
def test_a_line_has_the_colour_of_its_direction(closes: list[float], colour: str) -> None:
    line = ElementTree.fromstring(sparkline(closes))[1]  # noqa: S314 our own
    assert line.get("stroke") == colour
    assert len((line.get("points") or "").split()) == len(closes)


@pytest.mark.parametrize("closes", [[], [1.0]])
def test_less_than_two_prices_are_no_line(closes: list[float]) -> None:
    assert len(ElementTree.fromstring(sparkline(closes))) == 0  # noqa: S314 our own
