"""All-time highs and lows: drawn once for a coin, far enough out that its price does not reach them."""

from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np

from simulator.timestamps import iso_utc

# The price stays within this many daily volatilities of its level: seven standard deviations of its long-run spread.
_REACH_IN_DAILY_VOLATILITIES = 22
_MARGIN = 0.3
_BETWEEN = (datetime(2014, 1, 1, tzinfo=UTC).timestamp(), datetime(2024, 1, 1, tzinfo=UTC).timestamp())


@dataclass(frozen=True)
class Record:
    """An all-time high or low: its price as a multiple of the coin's level, and when it was."""

    multiple: float
    date: str


def draw_high_and_low(daily_volatility: float, rng: np.random.Generator) -> tuple[Record, Record]:
    """The all-time high and the all-time low of a coin."""
    reach = _REACH_IN_DAILY_VOLATILITIES * daily_volatility
    high = reach + min(1.0, 50 * daily_volatility) * (_MARGIN + rng.exponential(1.0))
    low = reach + min(1.0, 50 * daily_volatility) * (_MARGIN + rng.exponential(2.0))
    return Record(float(np.exp(high)), _date(rng)), Record(float(np.exp(-low)), _date(rng))


def _date(rng: np.random.Generator) -> str:
    return iso_utc(int(1000 * rng.uniform(*_BETWEEN)))
