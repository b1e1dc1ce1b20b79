"""A dbt command that writes Coinloom's tables holds the build lock of its target until it ends.

So builds never run into each other, whoever starts them: `coinloom build`, Airflow, or a person with plain dbt. Targets
that are not production have schemas, and so a lock, of their own. What a build did in production is kept as a row.
Tests of the whole history take turns with builds (whole_history.py).

The lock goes when PostgreSQL ends, and then another build may begin, while on Spark this one could run on. So it is
looked at all the time. A command that has lost it ends at once, as if it had been killed; the next goes on from there.
"""

import os
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import copy_context
from dataclasses import dataclass, field
from typing import Any

import psycopg
from dbt.flags import get_flags
from dbt.plugins.manager import dbtPlugin
from dbt_common.events.base_types import EventMsg
from dbt_common.events.event_manager_client import add_callback_to_manager
from dbt_common.events.functions import fire_event
from dbt_common.events.types import Note

from coinloom.settings import read_settings
from dbt_coinloom.build_record import BuildRecord, write
from dbt_coinloom.project import PROJECT
from dbt_coinloom.target import TARGET_WITHOUT_SERVER, target_of
from serving.build_lock import take_build_lock

# Not run-operation: register_landing_tables makes known what has landed, which does no build any harm.
COMMANDS_THAT_WRITE = {"build", "clone", "retry", "run", "seed", "snapshot"}


@dataclass(frozen=True, slots=True)
class _Held:
    """The lock goes with its connection, which lives as long as the command, or ends with a process that is killed."""

    connection: psycopg.Connection
    record: BuildRecord | None  # in production
    is_over: threading.Event = field(default_factory=threading.Event)


LOOK_SECONDS = 2.0
EXIT_CODE = 2
ADVICE = "This command ends here, before another can run into it. Run it again: it goes on from there."

_held: list[_Held] = []
_said: set[str] = set()
_checks: list[Callable[[], None]] = []


@contextmanager
def checked_with_the_lock(check: Callable[[], None]) -> Iterator[None]:
    """Meanwhile a command that writes calls `check` as soon as it has the lock, and fails with what it raises."""
    _checks.append(check)
    try:
        yield
    finally:
        _checks.remove(check)


class OneBuildAtATime(dbtPlugin):
    """Takes the build lock before dbt looks at anything."""

    def initialize(self) -> None:
        """dbt shows what this raises as its own error, without a traceback, and ends with exit code 2."""
        flags = get_flags()  # type: ignore[no-untyped-call]
        if self.project_name != PROJECT or not _writes(flags) or _held:
            return
        command, of_command = str(flags.WHICH), target_of(flags)
        connection = take_build_lock(read_settings(), f"dbt {command}", say, of_command.lock)
        try:
            for check in _checks:
                check()
        except BaseException:
            connection.close()
            raise
        held = _Held(connection, None if of_command.schema_prefix else BuildRecord(command, of_command.name))
        _held.append(held)
        add_callback_to_manager(_hear)
        threading.Thread(target=copy_context().run, args=(_watch, held), daemon=True).start()


def _writes(flags: Any) -> bool:
    command, target = getattr(flags, "WHICH", None), getattr(flags, "TARGET", None)
    return command in COMMANDS_THAT_WRITE and target != TARGET_WITHOUT_SERVER


def _watch(held: _Held) -> None:
    """Until the command has ended."""
    while not held.is_over.wait(LOOK_SECONDS):
        try:
            held.connection.execute("select")
        except psycopg.Error as error:
            if held.is_over.is_set():
                return
            reason = " ".join(str(error).split())
            say(f"The build lock is lost, because PostgreSQL has ended the session that held it ({reason}). {ADVICE}")
            sys.stdout.flush()
            os._exit(EXIT_CODE)


def say(message: str) -> None:
    """As a line of dbt's own."""
    fire_event(Note(msg=message))


def _hear(event: EventMsg) -> None:
    """Let go at the end, for a process that outlives its command, as one that calls dbtRunner does."""
    if not _held:
        return
    if (record := _held[0].record) is not None:
        record.hear(event)
    if event.info.name == "CommandCompleted":
        held = _held.pop()
        held.is_over.set()
        if record is not None:
            _keep(record, held.connection, passed=event.data.success)
        held.connection.close()


def _keep(record: BuildRecord, connection: psycopg.Connection, *, passed: bool) -> None:
    """Only said where it fails, and once in a process: a build is as good without its row."""
    try:
        write(connection, record.row(passed=passed))
    except psycopg.Error as error:
        reason = " ".join(str(error).split())
        if reason not in _said:
            _said.add(reason)
            say(f"operations.builds has no row of this command: {reason}")
