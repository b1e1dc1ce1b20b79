"""Numbers keep the digits that matter, and read the same in the table, whose expressions the browser evaluates."""

import pytest

from dashboard import numbers


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (94_532.92, "94,532.9"),
        (100_000, "100,000"),
        (1_234_567.8, "1,234,568"),
        (1.0, "1"),
        (0.999396, "0.999396"),
        (1.99153e-9, "0.00000000199153"),
        (5.6e-11, "0.000000000056"),
        (0.00001234999999, "0.000012350"[:-1]),
        (14_213_417, "14,213,417"),
        (None, "–"),
    ],
)
def test_a_price_has_six_digits_that_matter(value: float | None, text: str) -> None:
    assert numbers.price(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1.8051e12, "1.805T"),
        (9e10, "90B"),
        (950, "950"),
        (999.96, "1K"),
        (0.05, "0.05"),
        (6.4e-5, "0.000064"),
        (0, "0"),
        (None, "–"),
        (2.5e6, "2.5M"),
        (9.9996e14, "1,000T"),
        (9.2416e16, "92,420T"),
    ],
)
def test_an_amount_has_four_digits_and_a_unit(value: float | None, text: str) -> None:
    assert numbers.amount(value) == text


@pytest.mark.parametrize(
    ("value", "text", "direction"),
    [
        (1.046, "▲ 1.05%", "up"),
        (-1234.5, "▼ 1,234.50%", "down"),
        (0.0, "0.00%", "flat"),
        (-0.004, "0.00%", "flat"),
        (None, "–", "flat"),
    ],
)
def test_a_change_has_an_arrow(value: float | None, text: str, direction: str) -> None:
    assert (numbers.change(value), numbers.direction(value)) == (text, direction)
