"""How numbers are written, on the page and in the terminal."""

ABSENT = "–"
SIGNIFICANT_DIGITS = 6
SMALLEST_CHANGE = 0.005
THOUSAND = 1e3
UNITS = ((1e12, "T"), (1e9, "B"), (1e6, "M"), (THOUSAND, "K"))


def price(value: float | None) -> str:
    """Six digits that matter, never an exponent: 91,454.9 or 0.00000000199153."""
    if value is None:
        return ABSENT
    exponent = int(f"{value:e}".split("e")[1])
    decimals = max(0, SIGNIFICANT_DIGITS - 1 - exponent)
    text = f"{value:,.{decimals}f}"
    return text.rstrip("0").rstrip(".") if decimals else text


def amount(value: float | None) -> str:
    """Four digits and a unit, never an exponent: 1.805T, 92,410T."""
    if value is None:
        return ABSENT
    size, unit = next(((size, unit) for size, unit in UNITS if abs(value) >= size), (1, ""))
    shown = value / size
    return f"{shown:,.0f}{unit}" if abs(shown) >= THOUSAND else f"{shown:.4g}{unit}"


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
