"""Polls and builds since this process began to count: numbers that only grow, as Prometheus wants them.

The tables are no counters, for `coinloom maintain` removes old rows. So only rows that are new are counted, and added.
"""

from dataclasses import dataclass

from coinloom.settings import Settings
from health.tables import read_rows

POLLS = """
    select count(*) as polls, count(error) as failed, max(poll_number) as newest
    from ingestion.polls
    where poll_number > %s
"""
BUILDS = """
    select
        count(*) filter (where outcome = 'passed') as passed, count(*) filter (where outcome = 'failed') as failed,
        max(build_id) as newest
    from operations.builds
    where build_id > %s
"""


@dataclass(frozen=True, slots=True)
class _Polls:
    polls: int
    failed: int
    newest: int | None


@dataclass(frozen=True, slots=True)
class _Builds:
    passed: int
    failed: int
    newest: int | None


@dataclass(frozen=True, slots=True)
class Counts:
    """Since the first look that could be made."""

    polls: int = 0
    failed_polls: int = 0
    passed_builds: int = 0
    failed_builds: int = 0


class Counting:
    """Asks for what is new since the last time."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._counts: Counts | None = None
        self._last_poll = 0
        self._last_build = 0

    def now(self) -> Counts:
        """Raises DatabaseUnavailable."""
        before = self._counts
        (polls,) = read_rows(self._settings, _Polls, POLLS, [self._last_poll]) or [_Polls(0, 0, None)]
        (builds,) = read_rows(self._settings, _Builds, BUILDS, [self._last_build]) or [_Builds(0, 0, None)]
        self._last_poll = polls.newest or self._last_poll
        self._last_build = builds.newest or self._last_build
        self._counts = (
            Counts(
                before.polls + polls.polls,
                before.failed_polls + polls.failed,
                before.passed_builds + builds.passed,
                before.failed_builds + builds.failed,
            )
            if before
            else Counts()
        )
        return self._counts
