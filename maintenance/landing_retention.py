"""Landing that is older than LANDING_RETENTION_DAYS goes; what the warehouse has made of it stays.

`landing.horizon`, a table in PostgreSQL and a folder of the lake, says from which hour of bars on landing is whole. It
is written before anything is removed, so a kill leaves at worst hours that count as gone and are still there. Builds go
by it: docs/decisions/0033-landing-may-go-prices-stay.md.

So hours go one by one, and builds come between them: the first time there may be thousands.
"""

import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import PurePosixPath

import psycopg
import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow.fs import FileSelector, FileSystem, LocalFileSystem
from pyhive.exc import Error as ThriftError

from coinloom.clock import Clock, utc_now
from coinloom.settings import Settings, Sink, Target
from maintenance.errors import MaintenanceFailed
from maintenance.rewriting import on_disk
from maintenance.turns import HELD_SECONDS, Pause, Turns
from stores.lake_files import arrow_address, landed_hours
from stores.landed_rows import hours_with_rows
from stores.thrift import ThriftServerUnavailable, is_not_there, open_cursor

HOUR = "%Y-%m-%dT%H"
# An update is landed in the hour of its event time or later, but for clocks that differ: by less than this.
CLOCKS_DIFFER_BY = timedelta(hours=24)
# Builds look for new rows from an hour before the newest that they have read (macros/builds/landed_since.sql).
BUILDS_LOOK_BACK = timedelta(hours=1)
# The newest hour of landing that the last build has read; none unless that build has finished.
NEWEST_READ = """
    select max(newest_landed_hour)
    from builds.int_build_offsets
    where
        build_number = (select max(build_number) from builds.hour_versions)
        and build_number = (select max(build_number) from builds.int_build_offsets)
"""
CREATE = "create table if not exists landing.horizon (bar_hour text not null)"
# The greatest counts, so it never goes back. One row is left.
CLOSE = """
    with replaced as (delete from landing.horizon)

    insert into landing.horizon select greatest(max(bar_hour), %s) from landing.horizon
"""
DELETE = "delete from landing.crypto_prices where landed_hour = %s"


def remove_landing(
    settings: Settings, now: Clock = utc_now, pause: Pause = time.sleep, held_seconds: float = HELD_SECONDS
) -> Iterator[str]:
    """Says in words what was removed, and what had to stay.

    No build runs while an hour is removed, and hours that no finished build has read stay.

    Raises:
        DatabaseUnavailable, ThriftServerUnavailable, BuildLockTaken: naming what to check.
        MaintenanceFailed: Spark could not say what was read.
    """
    if not settings.landing_retention_days:
        return
    oldest = now() - timedelta(days=settings.landing_retention_days)
    turns = Turns(settings, pause, held_seconds)
    if Sink.POSTGRES in settings.sinks:
        yield from _from_postgres(turns, oldest)
    if Sink.PARQUET in settings.sinks:
        yield from _from_lake(settings, turns, oldest)


def first_kept(oldest: datetime, newest_read: str) -> str:
    """The first landing hour to keep: whole hours go, and none that a build may look at again."""
    looked_at = datetime.strptime(newest_read, HOUR).replace(tzinfo=oldest.tzinfo) - BUILDS_LOOK_BACK
    return f"{min(oldest, looked_at):{HOUR}}"


def horizon_of(first_hour: str) -> str:
    """The first hour of bars that can be made of what landed from this hour on."""
    return f"{datetime.strptime(first_hour, HOUR) + CLOCKS_DIFFER_BY:{HOUR}}"


def remove_hour(store: FileSystem, folder: str) -> int:
    """Returns how many were removed: none if another `coinloom maintain`, in a turn of its own, has done it."""
    try:
        store.delete_dir(folder)
    except FileNotFoundError:
        return 0
    return 1


def _from_postgres(turns: Turns, oldest: datetime) -> Iterator[str]:
    newest_read = None
    with turns.lock() as connection:
        with suppress(psycopg.errors.UndefinedTable, psycopg.errors.InvalidSchemaName):
            newest_read = connection.execute(NEWEST_READ).fetchall()[0][0]
        if newest_read is None:
            yield _unread(Sink.POSTGRES)
            return
        first = first_kept(oldest, newest_read)
        hours = [hour for hour in hours_with_rows(connection, "landing") if hour < first]
        if hours:
            connection.execute(CREATE)
            connection.execute(CLOSE, [horizon_of(first)])
    if rows := turns.remove(hours, lambda connection, hour: connection.execute(DELETE, [hour]).rowcount):
        yield f"{rows:,} rows of landing in PostgreSQL from before {first}:00 are removed"


def _from_lake(settings: Settings, turns: Turns, oldest: datetime) -> Iterator[str]:
    store, lake = FileSystem.from_uri(arrow_address(settings.lake))
    with turns.lock():
        newest_read = _newest_read_on_spark(settings)
        if newest_read is None:
            yield _unread(Sink.PARQUET)
            return
        first = first_kept(oldest, newest_read)
        landed = landed_hours(store, f"{lake}/landing/crypto_prices")
        too_old = [hour for hour in landed if hour < first]
        if too_old:
            _write_horizon(store, f"{lake}/landing/horizon", horizon_of(first))

    if hours := turns.remove(too_old, lambda _, hour: remove_hour(store, landed[hour])):
        yield f"{hours:,} hours of landing in the lake from before {first}:00 are removed"


def _newest_read_on_spark(settings: Settings) -> str | None:
    try:
        with open_cursor(settings) as cursor:
            cursor.execute(NEWEST_READ)
            hour: str | None = cursor.fetchall()[0][0]
            return hour
    except ThriftServerUnavailable:
        if settings.dbt_target is Target.POSTGRES:  # which needs none: nobody builds from the lake
            return None
        raise
    except ThriftError as error:
        if is_not_there(error):  # nothing was ever built
            return None
        raise MaintenanceFailed(f"Spark could not say what the last build has read: {error}") from error


def _write_horizon(store: FileSystem, folder: str, hour: str) -> None:
    """A file with its hour as name, there as a whole or not at all. The greatest counts, so it never goes back."""
    store.create_dir(folder)
    aside, written = f"{folder}/.{hour}.parquet", f"{folder}/{hour}.parquet"
    pq.write_table(pa.table({"bar_hour": [hour]}), aside, filesystem=store, store_schema=False)
    is_local = isinstance(store, LocalFileSystem)
    if is_local:
        on_disk(PurePosixPath(aside))
    store.move(aside, written)
    if is_local:
        on_disk(PurePosixPath(folder))
    for info in store.get_file_info(FileSelector(folder)):
        if info.is_file and info.extension == "parquet" and info.path < written:
            store.delete_file(info.path)


def _unread(sink: Sink) -> str:
    return f"landing in {sink} is kept, whatever its age: no build of it has finished, or the last one has not"
