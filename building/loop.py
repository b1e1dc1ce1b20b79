"""When a build starts: as soon as something has landed, or the dbt project has changed; and again after a failure.

Without new rows a build changes nothing: its clocks are times of rows that have landed, and a minute or an hour is
closed by a row of a later one. So none runs, but for one after `longest` seconds, which finishes what another command
may have left unfinished. See docs/decisions/0021-builds-start-when-something-lands.md.
"""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from building.landed import Landed, Landing
from building.project_files import ProjectVersion
from coinloom.errors import CoinloomError, Stopped

log = logging.getLogger("build")

FIRST_RETRY_SECONDS, LONGEST_RETRY_SECONDS = 2, 30

Seen = tuple[Landed, ProjectVersion]


class Builder(Protocol):
    """What builds, and publishes if it was asked for."""

    def build(self, stop: threading.Event) -> str:
        """Returns what it took, in words. Raises BuildFailed, or Stopped as soon as `stop` is set."""


@dataclass(frozen=True, slots=True)
class Pace:
    """Seconds between the starts of two builds: at least, and at most."""

    shortest: float
    longest: float


class BuildLoop:
    """One build at a time."""

    def __init__(
        self,
        landing: Landing,
        project: Callable[[], ProjectVersion],
        builder: Builder,
        pace: Pace,
        stop: threading.Event,
    ) -> None:
        self._landing, self._project, self._builder = landing, project, builder
        self._pace, self._stop = pace, stop
        self._built: Seen | None = None  # what was seen before the last build that passed began
        self._last_start = float("-inf")
        self._failures = 0

    def run(self) -> None:
        """Until `stop` is set. A failed build is logged, and the next try goes on from there."""
        while not self._stop.is_set():
            try:
                self._build_if_it_is_time()
            except Stopped:
                return
            except CoinloomError as error:
                self._wait_after_failure(error)
            except Exception as error:  # the loop must outlive whatever one build runs into
                log.exception("unexpected")
                self._wait_after_failure(error)
            self._stop.wait(self._landing.look_seconds)

    def _build_if_it_is_time(self) -> None:
        passed = time.monotonic() - self._last_start
        if passed < self._pace.shortest:
            return
        seen = self._landing.look(), self._project()
        if seen == self._built and passed < self._pace.longest:
            return
        self._last_start = time.monotonic()
        self._built = None
        log.info("%s", self._builder.build(self._stop))
        self._built = seen
        self._failures = 0

    def _wait_after_failure(self, error: Exception) -> None:
        wait = min(FIRST_RETRY_SECONDS * 2**self._failures, LONGEST_RETRY_SECONDS)
        self._failures += 1
        log.error("build failed, next try in %.0f s: %s", wait, error)
        self._stop.wait(wait)
