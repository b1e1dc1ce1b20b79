"""When to poll: at start + k * interval on a clock that nobody sets, or as seldom as the month's credits ask for."""

import logging
import math
from collections.abc import Callable, Iterator

from ingestion.coingecko.budget import Budget
from ingestion.exceptions import CallsNotKept

WORTH_SAYING = 0.1  # a change of the distance by a tenth

log = logging.getLogger(__name__)


def ticks(interval_seconds: float, monotonic: Callable[[], float], wait: Callable[[float], bool]) -> Iterator[int]:
    """Yields the number of each tick when it is due, from 0 at once, until `wait(seconds)` returns true (stop).

    The tick k is due at start + k * interval however long the work in between took. Ticks that went by during the work
    are skipped and logged, never made up for in a burst.
    """
    start, tick = monotonic(), 0
    while True:
        yield tick
        passed = monotonic() - start
        due = max(tick + 1, math.ceil(passed / interval_seconds))
        if skipped := due - tick - 1:
            log.warning("skipped %d ticks: what the last one began took longer than %g s", skipped, interval_seconds)
        if wait(max(0.0, due * interval_seconds - passed)):
            return
        tick = due


class Pace:
    """Says of each tick of the wanted interval whether its poll is made or left out."""

    def __init__(self, budget: Budget, *, calls: int, wanted: float) -> None:
        self.wanted = wanted
        self._budget = budget
        self._calls = calls
        self._not_before = -math.inf
        self._said = wanted

    def is_due(self, now: float) -> bool:
        """Whether to poll at this moment of a monotonic clock, in seconds. True means that it is done."""
        if now < self._not_before:
            return False
        try:
            seconds = max(self.wanted, self._budget.seconds_per_poll(self._calls))
            self._say(seconds)
        except CallsNotKept as error:
            log.warning("%s", error)
            seconds = self.wanted
        self._not_before = now + seconds - self.wanted / 2  # the tick that is nearest
        return True

    def _say(self, seconds: float) -> None:
        if abs(seconds - self._said) <= WORTH_SAYING * self._said:
            return
        self._said = seconds
        left = self._budget.credits_left()
        if seconds > self.wanted:
            what = f"a poll every {seconds:.0f} s instead of {self.wanted:g} s: {left:,} credits are left this month"
            log.warning("%s (COINGECKO_CREDITS_PER_MONTH)", what)
        else:
            log.info("a poll every %g s again", seconds)
