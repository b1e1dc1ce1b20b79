"""Tests of the whole history take turns with builds (turns.py): none runs beside one, whatever it takes.

Between two tables of a build, what compares them would fail for nothing. The tests are a `dbt test` all the same,
because a test that fails in a `dbt build` has dbt skip all tests after it. A `dbt retry` of them holds the lock until
it ends, as every retry does.

A test that cannot have the lock is an error, and so is one during which it was lost; dbt goes on with the next. After
the last one the lock stays until the command has ended, because on-run-end looks for a row of each that failed.
"""

import time
from functools import partial
from typing import Any

import psycopg
from dbt.contracts.graph.manifest import Manifest
from dbt.flags import get_flags
from dbt.plugins.manager import dbtPlugin
from dbt.task.base import BaseRunner
from dbt.task.test import TestRunner
from dbt_common.events.base_types import EventMsg
from dbt_common.events.event_manager_client import add_callback_to_manager

from coinloom.errors import CoinloomError
from coinloom.settings import read_settings
from dbt_coinloom.build_lock import say
from dbt_coinloom.project import PROJECT
from dbt_coinloom.target import TARGET_WITHOUT_SERVER, target_of
from dbt_coinloom.turns import Turns
from serving.build_lock import take_build_lock

WHOLE_HISTORY = "test_whole_history"  # a var of the project

_turns: list[Turns] = []
_safe_run = TestRunner.safe_run


class WholeHistoryInTurns(dbtPlugin):
    """Changes how dbt runs a test, in a command that tests the whole history."""

    def initialize(self) -> None:
        """Takes no lock yet: parsing needs none."""
        flags = get_flags()  # type: ignore[no-untyped-call]
        if self.project_name != PROJECT or not _looks_at_all_hours(flags) or _turns:
            return
        _turns.append(Turns(partial(take_build_lock, read_settings(), "dbt test", say, target_of(flags).lock)))
        runner: Any = TestRunner
        runner.safe_run = _in_turn
        add_callback_to_manager(_hear)


def _looks_at_all_hours(flags: Any) -> bool:
    if getattr(flags, "WHICH", None) != "test" or getattr(flags, "TARGET", None) == TARGET_WITHOUT_SERVER:
        return False
    return bool(flags.VARS.get(WHOLE_HISTORY))


def _in_turn(runner: BaseRunner, manifest: Manifest) -> Any:
    """The result of a test. How long it took is measured by dbt, inside of the turn: without the wait."""
    if not _turns:
        return _safe_run(runner, manifest)
    started = time.time()
    try:
        with _turns[0].turn():
            return _safe_run(runner, manifest)
    except (CoinloomError, psycopg.Error) as error:
        return runner.error_result(runner.node, str(error), started, [])  # type: ignore[no-untyped-call]


def _hear(event: EventMsg) -> None:
    if event.info.name == "CommandCompleted" and _turns:
        _turns.pop().let_go()
