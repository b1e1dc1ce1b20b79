"""How building goes: the last dbt commands that built in production, as dbt_coinloom/build_record.py keeps them."""

from dataclasses import dataclass
from datetime import datetime
from typing import TypedDict

from coinloom.settings import Settings
from health.tables import read_rows

LAST_BUILDS = """
    select build_id, began_at, ended_at, command, target, outcome, failed_node, failure,
        models_passed, models_failed, models_skipped, models_warned,
        tests_passed, tests_failed, tests_skipped, tests_warned,
        seconds_in_models, seconds_in_tests, slowest_nodes
    from operations.builds
    order by build_id desc
    limit %s
"""
LAST_PASSED = "select ended_at from operations.builds where outcome = 'passed' order by ended_at desc limit 1"


class SlowNode(TypedDict):
    """A model or a test, and how long it took."""

    node: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Build:
    """One row of `operations.builds`; the migration 0007 describes the columns."""

    build_id: int
    began_at: datetime
    ended_at: datetime
    command: str
    target: str
    outcome: str
    failed_node: str | None
    failure: str | None
    models_passed: int
    models_failed: int
    models_skipped: int
    models_warned: int
    tests_passed: int
    tests_failed: int
    tests_skipped: int
    tests_warned: int
    seconds_in_models: float
    seconds_in_tests: float
    slowest_nodes: list[SlowNode]

    @property
    def has_passed(self) -> bool:
        return self.outcome == "passed"

    @property
    def seconds(self) -> float:
        return (self.ended_at - self.began_at).total_seconds()


@dataclass(frozen=True, slots=True)
class _Passed:
    ended_at: datetime


def last_passed_at(settings: Settings) -> datetime | None:
    """When the last build ended that passed. Raises DatabaseUnavailable."""
    return next((row.ended_at for row in read_rows(settings, _Passed, LAST_PASSED)), None)


def last_builds(settings: Settings, at_most: int = 1) -> list[Build]:
    """The newest first; empty before the first build. Raises DatabaseUnavailable."""
    return read_rows(settings, Build, LAST_BUILDS, [at_most])
