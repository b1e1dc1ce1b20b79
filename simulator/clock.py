"""Market time: which moment of the market the simulator shows now."""

from collections.abc import Callable

Seconds = Callable[[], float]


class MarketClock:
    """Market time = min(now, start + speed * elapsed): it starts `hours` ago, runs `speed` times faster than the real
    time until it has caught up with it, and from then on is the real time.

    `now` gives seconds since 1970. At speed 1 market time stays `hours` behind. Raises ValueError for hours below 0 or
    a speed below 1, with which market time would fall behind.
    """

    def __init__(self, now: Seconds, hours: float = 0.0, speed: float = 1.0) -> None:
        if hours < 0 or speed < 1:
            raise ValueError(f"hours must be at least 0 and speed at least 1, not {hours} and {speed}")
        self._now = now
        self._speed = speed
        self._started = now()
        self._start = self._started - 3600 * hours

    def now_ms(self) -> int:
        """Market time in ms since 1970."""
        now = self._now()
        return int(1000 * min(now, self._start + self._speed * (now - self._started)))
