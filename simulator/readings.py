"""What a market's paths say at given moments: prices, trailing highs and lows, trailing volume.

Every function takes one time (ms since 1970) per asset, because each coin is renewed at its own moment.
"""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from simulator.assets import Floats
from simulator.paths import DAY_MS, HOURS, STEP_MS, Paths
from simulator.schedule import Milliseconds

_STEPS_PER_BAR = 10
_BAR_MS = _STEPS_PER_BAR * STEP_MS
_BARS = DAY_MS // _BAR_MS
_BAR_DAYS_KEPT = 24

Positions = NDArray[np.intp]


class Readings:
    """Readings of the first `count` assets of `paths`, as log offsets from their levels."""

    def __init__(self, paths: Paths, count: int) -> None:
        self._paths = paths
        self._count = count
        self._bars = lru_cache(maxsize=_BAR_DAYS_KEPT)(self._build_bars)

    def log_offset(self, times_ms: Milliseconds, assets: Positions) -> Floats:
        """Log price of `assets[i]` at `times_ms[i]` minus its log level, on a line between the 30 s steps."""
        day, within = np.divmod(times_ms, DAY_MS)
        step, rest = np.divmod(within, STEP_MS)
        before, after = self._offsets(day, step, assets), self._offsets(day, step + 1, assets)
        return before + (after - before) * (rest / STEP_MS)

    def relative_log_offset(self, times_ms: Milliseconds, assets: Positions, quote: int) -> Floats:
        """The same of `assets[i]` minus that of asset `quote` at the same time."""
        return self.log_offset(times_ms, assets) - self.log_offset(times_ms, np.full_like(assets, quote))

    def high_low(self, times_ms: Milliseconds, quote: int) -> tuple[Floats, Floats]:
        """Highest and lowest log offset relative to asset `quote` over the 24 h up to each time.

        The window begins at a full five minutes, so it is up to five minutes shorter than 24 h.
        """
        first_day = int(times_ms.min()) // DAY_MS - 1
        days = range(first_day, int(times_ms.max()) // DAY_MS + 1)
        highs, lows = (np.concatenate(bars) for bars in zip(*(self._bars(day, quote) for day in days), strict=True))
        current_bar = times_ms // _BAR_MS - first_day * _BARS
        rows = current_bar - np.arange(1, _BARS)[:, np.newaxis]
        columns = np.arange(self._count)
        recent = self._since_bar_began(times_ms, quote)
        high = np.maximum(highs[rows, columns].max(axis=0), recent.max(axis=0))
        low = np.minimum(lows[rows, columns].min(axis=0), recent.min(axis=0))
        return high, low

    def mean_activity(self, times_ms: Milliseconds) -> Floats:
        """Average trading activity of each asset over the 24 h up to its time; 1 is ordinary."""
        day, within = np.divmod(times_ms, DAY_MS)
        hour = within / (DAY_MS / HOURS)
        whole_day = np.full_like(hour, HOURS)
        today, yesterday = self._activity(day, hour), self._activity(day - 1, hour)
        return (today + self._activity(day - 1, whole_day) - yesterday) / HOURS

    def _since_bar_began(self, times_ms: Milliseconds, quote: int) -> Floats:
        """[step, asset]: relative log offsets from the start of the current bar, and last at the time itself."""
        into_bar = np.append(np.arange(_STEPS_PER_BAR) * STEP_MS, _BAR_MS)[:, np.newaxis]
        moments = np.minimum(times_ms - times_ms % _BAR_MS + into_bar, times_ms)
        assets = np.tile(np.arange(self._count), len(moments))
        relative = self.relative_log_offset(moments.ravel(), assets, quote)
        return relative.reshape(moments.shape)

    def _build_bars(self, day: int, quote: int) -> tuple[Floats, Floats]:
        """[bar, asset]: high and low of each five minutes, both ends included."""
        offset = self._paths.day(day).log_offset.astype(np.float64)
        relative = offset[:, : self._count] - offset[:, quote, np.newaxis]
        inner = relative[:-1].reshape(_BARS, _STEPS_PER_BAR, self._count)
        closing = relative[_STEPS_PER_BAR::_STEPS_PER_BAR]
        return np.maximum(inner.max(axis=1), closing), np.minimum(inner.min(axis=1), closing)

    def _offsets(self, days: NDArray[np.int64], steps: NDArray[np.int64], assets: Positions) -> Floats:
        values = np.empty(len(assets))
        for day in np.unique(days):
            chosen = days == day
            values[chosen] = self._paths.day(int(day)).log_offset[steps[chosen], assets[chosen]]
        return values

    def _activity(self, days: NDArray[np.int64], hours: Floats) -> Floats:
        whole = np.minimum(hours.astype(np.int64), HOURS - 1)
        values = np.empty(self._count)
        for day in np.unique(days):
            chosen = np.flatnonzero(days == day)
            activity = self._paths.day(int(day)).activity
            before, after = activity[whole[chosen], chosen], activity[whole[chosen] + 1, chosen]
            values[chosen] = before + (after - before) * (hours[chosen] - whole[chosen])
        return values
