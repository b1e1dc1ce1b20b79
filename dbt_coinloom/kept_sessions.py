"""dbt opens a session for each node, and closes it. Here they are kept: for the next node, and for the next command.

On Spark opening and closing one costs 0.3 s, on PostgreSQL 10 ms; a build has some 50. dbt's adapter for Snowflake has
`reuse_connections` for that, these two have not. What is kept belongs to this process, so only a process that runs
several commands (building/worker.py) keeps anything from one to the next. When a process ends, its servers close what
it leaves open.

* On Spark a thread keeps its session while the command runs. The operation of a statement is closed before the next one
  begins: the server keeps what it has not been told to forget.
* A session in which something has failed may be lost, and is closed.
* One that was kept is looked at before it is used again, because its server may have been started anew. On PostgreSQL
  it also forgets its temporary tables and what was set.
* None is used for longer than MOST_SECONDS: so whatever a server gathers in a session is bounded.
"""

import sys
import threading
import time
from typing import Any
from weakref import WeakKeyDictionary

from dbt.adapters.base.connections import BaseConnectionManager
from dbt.adapters.contracts.connection import Connection, ConnectionState
from dbt.plugins.manager import dbtPlugin
from dbt_common.events.functions import fire_event
from dbt_common.events.types import Note

from dbt_coinloom.project import PROJECT

SPARK = "dbt.adapters.spark.connections"
POSTGRES = "dbt.adapters.postgres.connections"
MOST_SECONDS = 900
FORGET = "discard temp; reset all"  # in PostgreSQL


class IdleSessions:
    """Open sessions that nobody uses now, each with its credentials; the one that was used last is at the end."""

    def __init__(self) -> None:
        self._idle: list[tuple[Any, Any]] = []
        self._opened: WeakKeyDictionary[Any, float] = WeakKeyDictionary()
        self._lock = threading.Lock()

    def put(self, credentials: Any, session: Any) -> None:
        with self._lock:
            self._opened.setdefault(session, time.monotonic())
            self._idle.append((credentials, session))

    def take(self, credentials: Any) -> Any | None:
        """The one that was used last and that still works."""
        while session := self._last(credentials):
            if time.monotonic() - self._opened[session] < MOST_SECONDS and _is_as_new(session):
                return session
            _end(session)
        return None

    def end(self) -> None:
        """Close all of them."""
        with self._lock:
            idle, self._idle = self._idle, []
        for _, session in idle:
            _end(session)

    def _last(self, credentials: Any) -> Any | None:
        with self._lock:
            for place in reversed(range(len(self._idle))):
                if self._idle[place][0] == credentials:
                    return self._idle.pop(place)[1]
        return None


idle_sessions = IdleSessions()


class KeptSessions(dbtPlugin):
    """Changes how dbt's adapters for Spark and PostgreSQL open and close sessions."""

    def initialize(self) -> None:
        """By now dbt has loaded the adapter of the target, and that of no other."""
        if self.project_name != PROJECT:
            return
        if spark := sys.modules.get(SPARK):
            _keep_sessions_of(spark.SparkConnectionManager)
            spark.SparkConnectionManager.release = _keep_for_the_thread
            spark.PyhiveConnectionWrapper.cursor = _cursor
        if postgres := sys.modules.get(POSTGRES):
            _keep_sessions_of(postgres.PostgresConnectionManager)


def end_kept_sessions() -> None:
    """Close what is kept: after a failure, or when the next command may be about other servers."""
    idle_sessions.end()


def _keep_sessions_of(manager: Any) -> None:
    if vars(manager).get("close") is not None:
        return  # an earlier command of this process has done it
    open_another = manager.open

    def open_one(connection: Connection) -> Connection:
        if connection.state != ConnectionState.OPEN and (session := idle_sessions.take(connection.credentials)):
            connection.handle = session
            connection.state = ConnectionState.OPEN
            return connection
        opened: Connection = open_another(connection)
        return opened

    manager.open = staticmethod(open_one)
    manager.close = staticmethod(_keep_or_close)


def _keep_or_close(connection: Connection) -> Connection:
    if connection.state != ConnectionState.OPEN or sys.exc_info()[0]:
        closed: Connection = BaseConnectionManager.close(connection)
        return closed
    session = connection.handle
    connection.transaction_open = False
    connection.state = ConnectionState.CLOSED
    try:
        session.rollback()
    except Exception:  # whatever the adapter raises: it is of no use any more
        _end(session)
    else:
        idle_sessions.put(connection.credentials, session)
    return connection


def _keep_for_the_thread(manager: BaseConnectionManager) -> None:
    if sys.exc_info()[0]:
        BaseConnectionManager.release(manager)


def _cursor(wrapper: Any) -> Any:
    if wrapper._cursor:
        wrapper._cursor.close()
    wrapper._cursor = wrapper.handle.cursor()
    return wrapper


def _is_as_new(session: Any) -> bool:
    try:
        if hasattr(session, "handle"):  # the wrapper of dbt-spark around a connection of PyHive
            return bool(session.handle._transport.isOpen())
        with session.cursor() as cursor:
            cursor.execute(FORGET)
        session.commit()
    except Exception:
        return False
    return True


def _end(session: Any) -> None:
    try:
        session.close()
    except Exception as error:  # it was lost already
        fire_event(Note(msg=f"a kept session could not be closed: {error}"))
