"""The build lock: one build or publish of a warehouse at a time, wherever it was started.

It is a session-level advisory lock of PostgreSQL, which goes with the connection that holds it: a process that was
killed holds nothing. A pooler that hands out connections by transaction would break it.
"""

import logging
import os
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import sha256

import psycopg

from coinloom.errors import CoinloomError
from coinloom.settings import Settings
from stores.database import connect, lost
from stores.keepalive import COUNT, IDLE_SECONDS, INTERVAL_SECONDS

log = logging.getLogger("serving")

# Any number will do, as long as every build of the same warehouse takes the same lock.
PRODUCTION = 2_650_104
LOOK_AGAIN_SECONDS = 0.5
FREE_SECONDS = 2.0  # for so long who takes turns with builds lets it go: whoever waits has looked by then
SESSION = {
    "idle_session_timeout": "0",  # the lock is held without a word while dbt builds
    # A holder that is gone is noticed in the middle of a statement, and so is a machine that is gone.
    "client_connection_check_interval": "5s",
    "tcp_keepalives_idle": str(IDLE_SECONDS),
    "tcp_keepalives_interval": str(INTERVAL_SECONDS),
    "tcp_keepalives_count": str(COUNT),
}
HOLDER = """
    select application_name, activity.pid, to_char(state_change at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS "UTC"')
    from pg_locks as locks
    inner join pg_stat_activity as activity on locks.pid = activity.pid
    inner join pg_database as databases on locks.database = databases.oid
    where
        locktype = 'advisory' and granted and databases.datname = current_database()
        and classid = %(lock)s::bigint >> 32 and objid = %(lock)s::bigint & 4294967295 and objsubid = 1
"""


class BuildLockTaken(CoinloomError):
    """Another build or publish holds the lock, and did not end in time."""


@contextmanager
def build_lock(settings: Settings, holder: str) -> Iterator[psycopg.Connection]:
    """Hold the lock; yields the connection that holds it, for work that must end with the lock."""
    connection = take_build_lock(settings, holder)
    try:
        yield connection
    finally:
        connection.close()


def lock_of(schema_prefix: str) -> int:
    """The lock of a warehouse whose schemas have this prefix: each has its own."""
    return int.from_bytes(sha256(schema_prefix.encode()).digest()[:8], "big") >> 1


def take_build_lock(
    settings: Settings, holder: str, say: Callable[[str], None] = log.warning, lock: int = PRODUCTION
) -> psycopg.Connection:
    """Take the lock until the connection is closed, which it is when the process ends, however it ends.

    Raises:
        DatabaseUnavailable: naming the settings to check, also if PostgreSQL goes away while this waits.
        BuildLockTaken: naming the other holder.
    """
    connection = connect(settings)
    try:
        connection.autocommit = True
        application = f"{holder}, process {os.getpid()} on {socket.gethostname()}"
        for name, value in (SESSION | {"application_name": application}).items():
            connection.execute("select set_config(%s, %s, false)", [name, value])
        _wait_for_lock(connection, lock, settings.build_lock_wait_seconds, say)
    except psycopg.OperationalError as error:
        connection.close()
        raise lost(settings, error) from None
    except BaseException:
        connection.close()
        raise
    return connection


def _wait_for_lock(connection: psycopg.Connection, lock: int, wait_seconds: float, say: Callable[[str], None]) -> None:
    deadline = time.monotonic() + wait_seconds
    has_said = False
    while not _try_lock(connection, lock):
        if time.monotonic() >= deadline:
            raise BuildLockTaken(
                f"Another build is running: {_describe_holder(connection, lock)}. Run this again when it has ended, or "
                f"stop it; BUILD_LOCK_WAIT_SECONDS ({wait_seconds:g}) is how long to wait for it."
            )
        if not has_said:
            say(f"Waiting up to {wait_seconds:g} s for another build to end: {_describe_holder(connection, lock)}")
            has_said = True
        time.sleep(LOOK_AGAIN_SECONDS)


def _try_lock(connection: psycopg.Connection, lock: int) -> bool:
    return connection.execute("select pg_try_advisory_lock(%s)", [lock]).fetchone() == (True,)


def _describe_holder(connection: psycopg.Connection, lock: int) -> str:
    holder = connection.execute(HOLDER, {"lock": lock}).fetchone()
    if holder is None:
        return "it has ended just now"
    application, backend, since = holder
    return f"{application} (PostgreSQL backend {backend}), since {since or 'a time that only its user may see'}"
