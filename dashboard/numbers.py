"""How numbers are written, on the page and in the terminal."""

ABSENT = "–"
PRICE_DIGITS, AMOUNT_DIGITS = 6, 4
"""Significant ones."""
SMALLEST_CHANGE = 0.005
UNITS = ((1e12, "T"), (1e9, "B"), (1e6, "M"), (1e3, "K"))


def price(value: float | None) -> str:
    """Six digits that matter and all before the point, never an exponent: 14,213,417, 91,454.9 or 0.00000000199153."""
    return ABSENT if value is None else _decimal(value, PRICE_DIGITS)


def amount(value: float | None) -> str:
    """Four digits that matter and a unit, never an exponent: 92,410T, 1.805T, 0.000064."""
    if value is None:
        return ABSENT
    rounded = float(f"{value:.{AMOUNT_DIGITS - 1}e}")
    size, unit = next(((size, unit) for size, unit in UNITS if abs(rounded) >= size), (1, ""))
    return _decimal(rounded / size, AMOUNT_DIGITS) + unit


def change(value: float | None) -> str:
    """In per cent, with an arrow, so that colour is not all that tells: ▲ 1.05%."""
    if value is None:
        return ABSENT
    arrow = {"up": "▲ ", "down": "▼ ", "flat": ""}[direction(value)]
    return f"{arrow}{abs(value):,.2f}%"


def direction(value: float | None) -> str:
    """The CSS class of a change; one that is written as 0.00% has no direction."""
    if value is None or abs(value) < SMALLEST_CHANGE:
        return "flat"
    return "up" if value > 0 else "down"


def _decimal(value: float, digits: int) -> str:
    """With so many digits that matter, and all that are before the point."""
    exponent = int(f"{value:.{digits - 1}e}".split("e")[1])
    decimals = max(0, digits - 1 - exponent)
    text = f"{value:,.{decimals}f}"
    return text.rstrip("0").rstrip(".") if decimals else text
