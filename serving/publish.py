"""Publish: carry what dbt has built, tested and changed from `warehouse` to `marts`, where readers see it.

Each mart is published in one transaction: its changed hours are copied into a temporary table, compared, and only rows
that differ are written. Readers see the old mart until the commit and the new one after it. Only a new column comes
before the rows, empty: inside their transaction it would keep readers waiting until the commit. A build whose tests
fail is not published, so the marts stay as they were.
"""

import logging
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import psycopg
import pyarrow as pa
from psycopg import sql

from coinloom.settings import Settings, Target
from serving.build_lock import build_lock
from serving.changes import Changes, find_changes, last_change, note_change, remember
from serving.lake import Lake
from serving.mart_table import MartTable
from serving.marts import SCHEMA, Mart, read_marts
from serving.source import PublishFailed, Source, SourceTable
from serving.warehouse import Warehouse
from stores.composing import definitions
from stores.migrate import migrate
from stores.thrift import open_cursor

log = logging.getLogger("serving")


@dataclass(frozen=True, slots=True)
class PublishedMart:
    """How many rows this publish read, and how many it wrote and removed because they differed."""

    name: str
    compared: int
    upserted: int
    deleted: int
    seconds: float


def publish(settings: Settings, marts: Sequence[Mart] | None = None) -> list[PublishedMart]:
    """Bring every mart up to date with the last finished build; holds the build lock, so no build runs meanwhile.

    `marts` are those of our dbt project, unless others are given.

    Raises:
        DatabaseUnavailable, ThriftServerUnavailable: naming the settings to check.
        BuildLockTaken: a build ran for longer than BUILD_LOCK_WAIT_SECONDS.
        MartNotDescribed: the YAML of a mart is to be mended.
        PublishFailed: a mart is not in the warehouse, or PostgreSQL did not take it; what readers see of that mart has
            not changed, but marts before it may be published.
    """
    marts = read_marts() if marts is None else marts
    migrate(settings)
    with build_lock(settings, "coinloom publish") as connection, _open_source(settings, connection) as source:
        versions = source.hour_versions()
        return [_publish_mart(connection, mart, source, versions) for mart in marts]


@contextmanager
def _open_source(settings: Settings, connection: psycopg.Connection) -> Iterator[Source]:
    if settings.dbt_target is Target.POSTGRES:
        yield Warehouse(connection)
    else:
        with open_cursor(settings) as cursor:
            yield Lake(cursor)


def _publish_mart(
    connection: psycopg.Connection, mart: Mart, source: Source, versions: dict[str, str]
) -> PublishedMart:
    started = time.monotonic()
    try:
        rows = _carry_changes(connection, mart, source, versions)
        changed_at = last_change(connection, mart)
    except (psycopg.Error, pa.ArrowException, OSError) as error:
        raise PublishFailed(f"{SCHEMA}.{mart.name} was not published: {str(error).strip()}") from error
    published = PublishedMart(mart.name, *rows, seconds=time.monotonic() - started)
    log.info(  # Airflow's DAGs read this line
        "published %s.%s: %d rows compared, %d upserted, %d deleted in %.1f s, last changed %s",
        *(SCHEMA, mart.name, published.compared, published.upserted, published.deleted, published.seconds),
        changed_at.isoformat() if changed_at else "never",
    )
    return published


def _carry_changes(
    connection: psycopg.Connection, mart: Mart, source: Source, versions: dict[str, str]
) -> tuple[int, int, int]:
    target = MartTable(connection, mart)
    is_empty = target.is_empty()
    changes = find_changes(connection, mart, versions, is_empty=is_empty)
    if not changes:
        return 0, 0, 0
    table = source.table(mart)
    if target.exists():
        target.add(target.missing(table.columns))
    step = _fill if is_empty else _update
    with connection.transaction():
        compared, upserted, deleted = step(connection, target, table, changes)
        remember(connection, mart, changes)
        if upserted or deleted:
            note_change(connection, mart)
    return compared, upserted, deleted


def _fill(
    connection: psycopg.Connection, target: MartTable, table: SourceTable, changes: Changes
) -> tuple[int, int, int]:
    """Into an empty mart, rows go straight, and indexes come last: that is several times faster."""
    target.create(table.columns)
    rows = table.copy(connection, target.name, changes.to_read)
    target.create_indexes()
    connection.execute(sql.SQL("analyze {}").format(target.name))
    return rows, rows, 0


def _update(
    connection: psycopg.Connection, target: MartTable, table: SourceTable, changes: Changes
) -> tuple[int, int, int]:
    incoming = sql.SQL("create temporary table incoming ({}) on commit drop").format(definitions(table.columns))
    connection.execute(incoming)
    compared = table.copy(connection, sql.Identifier("incoming"), changes.to_read)
    connection.execute("analyze incoming")
    target.create_indexes()
    deleted = target.delete_vanished(None if changes.is_whole else changes.to_replace)
    return compared, target.upsert_changed(table.columns), deleted
