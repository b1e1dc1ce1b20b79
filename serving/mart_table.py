"""A mart in PostgreSQL: a table that is filled, compared and changed, but never dropped.

So the grants on it, its indexes and the views that people have built on it stay.
"""

import logging
from collections.abc import Collection
from datetime import datetime

import psycopg
import tenacity
from psycopg import sql

from serving.marts import SCHEMA, Mart
from serving.source import PublishFailed
from serving.warehouse import columns_of
from stores.composing import all_equal, definitions, names

log = logging.getLogger("serving")

# While a new column waits for those who read the mart, whoever comes next waits behind it: so it waits a little, a few
# times. More than a second each: only after that, PostgreSQL's deadlock_timeout, does an autovacuum make way.
COLUMN_WAITS_SECONDS = 2
COLUMN_ATTEMPTS = 3
COLUMN_PAUSE_SECONDS = 1.0
IN_USE_BY = """
    select distinct locks.pid, virtualtransaction, usename, application_name
    from pg_locks as locks
    inner join pg_stat_activity as activity on locks.pid = activity.pid
    where
        relation = to_regclass(%s) and database = (select oid from pg_database where datname = current_database())
        and granted and locks.pid <> pg_backend_pid()
    order by locks.pid
"""

# A column of the mart holds whatever the model gives if it has the same type, or one of these instead of it.
WIDER = {"integer": "bigint", "real": "double precision", "character varying": "text"}

DELETE_FROM_PERIODS = """
    delete from {mart} where ctid = any(array(
        select old.ctid
        from unnest(%s::timestamp[]) as period (starts_at)
        cross join lateral (
            select ctid, {key} from {mart}
            where {time} >= period.starts_at and {time} < period.starts_at + %s
            offset 0  -- or PostgreSQL may read the whole mart instead of a few stretches of its index
        ) as old
        where not exists (select from incoming as new where {same_key})
    ))
"""
# What is the same does not get as far as `on conflict`, which would lock each row it meets, and so write to it.
UPSERT = """
    insert into {mart} as mart ({columns})
    select {columns} from incoming as new
    where not exists (
        select from {mart} as old where {same_key} and ({old_values}) is not distinct from ({new_values})
    )
    on conflict ({key}) do update set ({values}) = row({excluded_values})
"""


class MartTable:
    """The table of one mart. Rows come in through `incoming`, a temporary table of the open transaction."""

    def __init__(self, connection: psycopg.Connection, mart: Mart) -> None:
        self._connection = connection
        self._mart = mart
        self.name = sql.Identifier(SCHEMA, mart.name)

    def exists(self) -> bool:
        return self._is_there(self._mart.name)

    def is_empty(self) -> bool:
        """True, too, if it does not exist."""
        if not self.exists():
            return True
        rows = self._connection.execute(sql.SQL("select from {} limit 1").format(self.name))
        return rows.fetchone() is None

    def missing(self, columns: dict[str, str]) -> dict[str, str]:
        """Those of the columns that the table lacks.

        Raises:
            PublishFailed: a column has another type here.
        """
        present = columns_of(self._connection, SCHEMA, self._mart.name)
        for column, kind in columns.items():
            if present.get(column, kind) not in {kind, WIDER.get(kind)}:
                raise PublishFailed(
                    f"Column {column} of {SCHEMA}.{self._mart.name} is {present[column]}, but is now built as {kind}. "
                    f"Give it that type (alter table {SCHEMA}.{self._mart.name} alter column {column} type {kind}; "
                    "views on it have to be dropped and created again), then publish."
                )
        return {column: kind for column, kind in columns.items() if column not in present}

    def create(self, columns: dict[str, str]) -> None:
        """If it is not there."""
        self._connection.execute(sql.SQL("create table if not exists {} ({})").format(self.name, definitions(columns)))

    def add(self, columns: dict[str, str]) -> None:
        """Add columns, null until rows come; in a transaction of their own, because its lock keeps readers waiting.

        Raises:
            PublishFailed: somebody reads the mart and does not end; names the sessions.
        """
        if not columns:
            return
        added = sql.SQL(", ").join(
            sql.SQL("add column {}").format(definitions({column: kind})) for column, kind in columns.items()
        )
        retrying = tenacity.Retrying(
            retry=tenacity.retry_if_exception_type(psycopg.errors.LockNotAvailable),
            stop=tenacity.stop_after_attempt(COLUMN_ATTEMPTS),
            wait=tenacity.wait_fixed(COLUMN_PAUSE_SECONDS),
            before_sleep=self._log_wait,
            reraise=True,
        )
        used_before = self._in_use_by()
        try:
            retrying(self._alter, added)
        except psycopg.errors.LockNotAvailable:
            raise self._held_up(columns, [user for user in self._in_use_by() if user in used_before]) from None

    def create_indexes(self) -> None:
        """One on the key and one on time, if they are not there; a look comes first because asking locks."""
        self._create_index("unique index", "key", self._mart.key)
        if self._mart.time:
            self._create_index("index", "time", [self._mart.time])

    def delete_vanished(self, periods: Collection[str] | None) -> int:
        """Delete the rows of these periods, or all rows, whose key is not incoming."""
        mart, same_key = self._mart, all_equal(self._mart.key, "old", "new")
        if periods is None or not mart.period:
            statement = sql.SQL("delete from {} as old where not exists (select from incoming as new where {})")
            return self._connection.execute(statement.format(self.name, same_key)).rowcount
        deletion = sql.SQL(DELETE_FROM_PERIODS).format(
            mart=self.name, key=names(mart.key), time=sql.Identifier(mart.time), same_key=same_key
        )
        starts = [datetime.fromisoformat(period) for period in periods]
        return self._connection.execute(deletion, [starts, mart.period.length]).rowcount

    def upsert_changed(self, columns: Collection[str]) -> int:
        """Insert or update the incoming rows that are not there, or differ.

        A column that the model has lost stays, for the views on it, and is null: it would have values of other prices.
        """
        values = [column for column in columns if column not in self._mart.key]
        lost = [column for column in columns_of(self._connection, SCHEMA, self._mart.name) if column not in columns]
        nulls = sql.SQL(", null" * len(lost))
        upsert = sql.SQL(UPSERT).format(
            mart=self.name,
            columns=names(columns),
            key=names(self._mart.key),
            same_key=all_equal(self._mart.key, "old", "new"),
            values=names(values + lost),
            old_values=names(values + lost, "old"),
            new_values=names(values, "new") + nulls,
            excluded_values=names(values, "excluded") + nulls,
        )
        return self._connection.execute(upsert).rowcount

    def _alter(self, change: sql.Composable) -> None:
        with self._connection.transaction():
            self._connection.execute(sql.SQL("set local lock_timeout = '{}s'").format(COLUMN_WAITS_SECONDS))
            self._connection.execute(sql.SQL("alter table {} {}").format(self.name, change))

    def _log_wait(self, _: tenacity.RetryCallState) -> None:
        log.info("%s.%s: new columns wait for those who read it", SCHEMA, self._mart.name)

    def _in_use_by(self) -> list[tuple[int, str, str | None, str]]:
        """The sessions, with the transactions, that have read the mart or write to it."""
        return self._connection.execute(IN_USE_BY, [f"{SCHEMA}.{self._mart.name}"]).fetchall()

    def _held_up(self, columns: Collection[str], users: list[tuple[int, str, str | None, str]]) -> PublishFailed:
        advice = "It was read by one after the other: publish again."
        if users:
            sessions = [f"{user or 'PostgreSQL'}, '{what}' (PostgreSQL backend {pid})" for pid, _, user, what in users]
            advice = (
                f"A transaction that does not end has read it: {'; '.join(sessions)}. Have it committed, or end its "
                "session (pg_terminate_backend), and publish again. A session of bi_reader that asks nothing in its "
                "transaction ends after BI_READER_TIMEOUT_SECONDS."
            )
        return PublishFailed(f"{SCHEMA}.{self._mart.name} could not get its new columns {', '.join(columns)}. {advice}")

    def _create_index(self, kind: str, suffix: str, columns: Collection[str]) -> None:
        name = f"{self._mart.name}_{suffix}"
        if not self._is_there(name):
            statement = sql.SQL("create {} {} on {} ({})")
            index = sql.SQL(kind), sql.Identifier(name), self.name, names(columns)
            self._connection.execute(statement.format(*index))

    def _is_there(self, name: str) -> bool:
        look = self._connection.execute("select to_regclass(%s) is not null", [f"{SCHEMA}.{name}"])
        return look.fetchone() == (True,)
