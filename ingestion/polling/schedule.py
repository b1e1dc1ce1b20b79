"""When to poll: at start + k * interval, on a clock that nobody sets."""

import logging
import math
from collections.abc import Callable, Iterator

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
            log.warning(
                "skipped %d polls: the last one took longer than the %g s between polls", skipped, interval_seconds
            )
        if wait(max(0.0, due * interval_seconds - passed)):
            return
        tick = due
