"""How many digits of a number the API shows."""

import math
from collections.abc import Callable
from functools import partial

Rounding = Callable[[float], float | int]

_DECIMALS = {str(decimals): decimals for decimals in range(19)}
_WHOLE_PRICE, _WHOLE_AMOUNT = 1e4, 1e5
_SMALL_PRICE, _TINY_PRICE, _SMALL_AMOUNT = 0.1, 1e-4, 100


def price_rounding(precision: str) -> Rounding:
    """The rounding for `precision`: "full", a number of decimals from "0" to "18", anything else as if not given."""
    if precision == "full":
        return float
    if precision in _DECIMALS:
        return partial(round, ndigits=_DECIMALS[precision])
    return default_price


def default_price(price: float) -> float | int:
    """Whole from 10,000, 2 decimals from 1, 6 from 0.1, 8 from 0.0001, below that 4 significant digits."""
    if price >= _WHOLE_PRICE:
        return round(price)
    if price >= 1:
        return round(price, 2)
    if price >= _SMALL_PRICE:
        return round(price, 6)
    if price >= _TINY_PRICE:
        return round(price, 8)
    return significant(price, 4)


def amount(value: float) -> float | int:
    """A market cap or volume: whole from 100,000, else 2 decimals, but never fewer than 4 significant digits."""
    if abs(value) >= _WHOLE_AMOUNT:
        return round(value)
    return round(value, 2) if abs(value) >= _SMALL_AMOUNT else significant(value, 4)


def significant(value: float, digits: int) -> float:
    """`value` rounded to a number of significant digits."""
    if value == 0:
        return 0.0
    return round(value, digits - 1 - math.floor(math.log10(abs(value))))
