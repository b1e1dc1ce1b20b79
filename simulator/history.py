"""What `/coins/markets` showed of a coin over time: the same snapshots, at moments a step apart."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from simulator.assets import Floats
from simulator.chance import uniform
from simulator.market import Market
from simulator.paths import DAY_MS
from simulator.schedule import Milliseconds

FIVE_MINUTES_MS, HOUR_MS = 300_000, 3_600_000

_LATEST_MS = 30_000  # so long after the full step a sample is taken, as the real API's are; those of days are not
_DAYS_KEPT = 400  # a year of one coin is then at hand for all others: 150 KB a day of 250 coins
_FINE_DAYS_KEPT = 4


@dataclass(frozen=True, slots=True)
class Sample:
    """A coin at a moment (ms since 1970), in the quote currency; NaN where it is unknown."""

    time_ms: int
    price: float
    market_cap: float
    volume_24h: float


class History:
    """The past of a market. A day of 250 coins takes 0.1 s to compute, once."""

    def __init__(self, market: Market) -> None:
        self._market = market
        self._day = lru_cache(maxsize=_DAYS_KEPT)(self._read_day)
        self._fine_day = lru_cache(maxsize=_FINE_DAYS_KEPT)(self._read_day)

    def samples(self, position: int, vs_currency: str, between: tuple[int, int], step_ms: int) -> Iterator[Sample]:
        """The coin at `position` of `Market.coins`, oldest first, both ends included. Raises UnknownCurrencyError."""
        start, end = between
        for day in range(start // DAY_MS, end // DAY_MS + 1):
            read = self._fine_day if step_ms < HOUR_MS else self._day
            times, values = read(day, vs_currency, step_ms)
            for index in np.flatnonzero((times >= start) & (times <= end)):
                yield Sample(int(times[index]), *(float(value) for value in values[index, :, position]))

    def _read_day(self, day: int, vs_currency: str, step_ms: int) -> tuple[Milliseconds, Floats]:
        """The moments of a UTC day, and [moment, price or market cap or volume, coin]."""
        times = _moments(day, step_ms)
        shown = (self._market.snapshot(int(time), vs_currency) for time in times)
        return times, np.array([[then.price, then.market_cap, then.volume_24h] for then in shown])


def _moments(day: int, step_ms: int) -> Milliseconds:
    steps = day * (DAY_MS // step_ms) + np.arange(DAY_MS // step_ms)
    latest = 0 if step_ms == DAY_MS else _LATEST_MS
    return np.asarray(steps * step_ms + (latest * uniform(0, step_ms, steps)).astype(np.int64))
