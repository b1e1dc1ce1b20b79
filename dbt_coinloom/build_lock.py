"""A dbt command that writes Coinloom's tables holds the build lock of its target until it ends.

So builds never run into each other, whoever starts them: `coinloom build`, Airflow, or a person with plain dbt. Targets
that are not production have schemas, and so a lock, of their own.
"""

import psycopg
from dbt.flags import get_flags
from dbt.plugins.manager import dbtPlugin
from dbt_common.events.base_types import EventMsg
from dbt_common.events.event_manager_client import add_callback_to_manager
from dbt_common.events.functions import fire_event
from dbt_common.events.types import Note

from coinloom.settings import read_settings
from dbt_coinloom.project import PROJECT
from dbt_coinloom.target import schema_prefix
from serving.build_lock import PRODUCTION, lock_of, take_build_lock

# Not run-operation: register_landing_tables makes known what has landed, which does no build any harm.
COMMANDS_THAT_WRITE = {"build", "clone", "retry", "run", "seed", "snapshot"}
# Compiles and lints in a catalog of its own, without any server.
TARGET_WITHOUT_SERVER = "spark_session"

# The lock goes with its connection, which lives as long as the command, or ends with a process that is killed.
_held: list[psycopg.Connection] = []


class OneBuildAtATime(dbtPlugin):
    """Takes the build lock before dbt looks at anything."""

    def initialize(self) -> None:
        """dbt shows what this raises as its own error, without a traceback, and ends with exit code 2."""
        flags = get_flags()  # type: ignore[no-untyped-call]
        command, target = getattr(flags, "WHICH", None), getattr(flags, "TARGET", None)
        writes = command in COMMANDS_THAT_WRITE and target != TARGET_WITHOUT_SERVER
        if self.project_name == PROJECT and writes and not _held:
            prefix = schema_prefix(flags)
            lock = lock_of(prefix) if prefix else PRODUCTION
            _held.append(take_build_lock(read_settings(), f"dbt {command}", _say, lock))
            add_callback_to_manager(_let_go_at_the_end)


def _say(message: str) -> None:
    fire_event(Note(msg=message))


def _let_go_at_the_end(event: EventMsg) -> None:
    """For a process that outlives its command, as one that calls dbtRunner does."""
    if event.info.name == "CommandCompleted" and _held:
        _held.pop().close()
