"""Log prices over time, one day at a time, each day a function of (seed, assets, day) alone.

The price at each midnight is a mean-reverting series of daily steps, summed over the last half year only, so any
midnight can be computed alone. Between two midnights runs a Brownian bridge of 30 s steps: a market factor that all
coins share by their beta, each asset's own noise, and a jump now and then, all faster in hours of high activity.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from simulator.assets import Assets, Floats
from simulator.catalogue import MARKET_VOLATILITY

DAY_MS = 86_400_000
STEP_MS = 30_000
STEPS = DAY_MS // STEP_MS
HOURS = 24

_PERSISTENCE = 0.95  # of the distance from the level, from one midnight to the next
_MEMORY_DAYS = 180  # after which a daily step weighs 1e-4
_JUMP_IN_VOLATILITIES = 2.0
_DAYS_KEPT = 4


@dataclass(frozen=True)
class DayPath:
    """One UTC day of all assets."""

    log_offset: NDArray[np.float32]  # [step 0..STEPS, asset]: log price minus log level at each 30 s
    activity: Floats  # [hour 0..24, asset]: hours of average trading since midnight


class Paths:
    """The days of one seed and one set of assets; the last few are kept."""

    def __init__(self, seed: int, assets: Assets) -> None:
        self._seed = seed
        self._assets = assets
        self._volatility = np.hypot(assets.beta * MARKET_VOLATILITY, assets.own_volatility)
        self.day = lru_cache(maxsize=_DAYS_KEPT)(self._build)
        self._daily_step = lru_cache(maxsize=_MEMORY_DAYS + _DAYS_KEPT)(self._draw_daily_step)

    def _build(self, day: int) -> DayPath:
        """Day number `day` since 1970."""
        rng = np.random.default_rng([self._seed, 3, day])
        pace = self._pace(rng)
        walk = np.zeros((STEPS + 1, len(self._assets)))
        np.cumsum(self._steps(rng, pace), axis=0, out=walk[1:])
        start, end = self._midnight(day), self._midnight(day + 1)
        elapsed = np.linspace(0.0, 1.0, STEPS + 1)[:, np.newaxis]
        walk += start + elapsed * (end - start - walk[-1])
        hours = np.zeros((HOURS + 1, len(self._assets)))
        np.cumsum(pace, axis=0, out=hours[1:])
        return DayPath(walk.astype(np.float32), hours)

    def _midnight(self, day: int) -> Floats:
        weights = _PERSISTENCE ** np.arange(_MEMORY_DAYS)
        steps = np.array([self._daily_step(day - age) for age in range(_MEMORY_DAYS)])
        return np.asarray((weights[:, np.newaxis] * steps).sum(axis=0))

    def _draw_daily_step(self, day: int) -> Floats:
        rng = np.random.default_rng([self._seed, 4, day])
        market = MARKET_VOLATILITY * rng.standard_normal()
        return self._assets.beta * market + self._assets.own_volatility * rng.standard_normal(len(self._assets))

    def _pace(self, rng: np.random.Generator) -> Floats:
        """[hour, asset]: activity around 1, partly shared by the market; scales both volatility and volume."""
        count = len(self._assets)
        of_day = rng.normal(0.0, 0.35) + rng.normal(0.0, 0.3, count)
        of_hour = rng.normal(0.0, 0.2, (HOURS, 1)) + rng.normal(0.0, 0.2, (HOURS, count))
        return np.exp(of_day + of_hour - 0.29)

    def _steps(self, rng: np.random.Generator, pace: Floats) -> Floats:
        """[step, asset]: log returns."""
        market = rng.normal(0.0, MARKET_VOLATILITY / np.sqrt(STEPS), (STEPS, 1))
        steps = rng.standard_normal((STEPS, len(self._assets)), dtype=np.float32).astype(np.float64)
        steps *= self._assets.own_volatility / np.sqrt(STEPS)
        steps += self._assets.beta * market
        steps *= np.repeat(pace, STEPS // HOURS, axis=0)
        jumping = np.flatnonzero(rng.random(len(self._assets)) < self._assets.jump_chance)
        sizes = rng.normal(0.0, _JUMP_IN_VOLATILITIES, len(jumping)) * self._volatility[jumping]
        steps[rng.integers(0, STEPS, len(jumping)), jumping] += sizes
        return steps
