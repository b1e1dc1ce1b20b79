"""Publish: copy the marts from the lake to PostgreSQL, each in one transaction that writes changed rows only.

The marts' Parquet files are read in batches and copied into a temporary table; from there rows are deleted, inserted
or updated by key. Readers see the old mart until the commit and the new one after it; grants and views stay.
"""

import logging
import time
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from urllib.parse import urlsplit

import psycopg
import pyarrow as pa
import pyarrow.csv
import pyarrow.dataset
from psycopg import sql
from pyhive.exc import Error as ThriftError

from coinloom.errors import CoinloomError
from coinloom.settings import Settings
from serving.database import connect
from serving.migrate import migrate
from serving.thrift import open_cursor

log = logging.getLogger("serving")

SCHEMA = "marts"
# The grain of each mart that BI tools read: its unique key.
MART_KEYS = {
    "crypto_table": ("vs_currency", "coin_id", "bar_minute"),
    "top_5_gainers": ("vs_currency", "rank"),
    "top_5_losers": ("vs_currency", "rank"),
}
ROWS_PER_BATCH = 100_000


class PublishFailed(CoinloomError):
    """A mart was not published; the one that readers see is as it was."""


@dataclass(frozen=True, slots=True)
class PublishedMart:
    """Row counts of one published mart: `rows` it has now, and how many of them this publish wrote or removed."""

    name: str
    rows: int
    upserted: int
    deleted: int
    seconds: float


def publish(settings: Settings) -> list[PublishedMart]:
    """Copy every mart from the lake to PostgreSQL.

    Raises:
        DatabaseUnavailable, ThriftServerUnavailable: naming the settings to check.
        PublishFailed: a mart is not in the lake, or PostgreSQL did not take it; what readers see has not changed.
    """
    migrate(settings)
    locations = {name: _location(settings, name) for name in MART_KEYS}
    with connect(settings) as connection:
        return [_publish_mart(connection, name, location) for name, location in locations.items()]


def _publish_mart(connection: psycopg.Connection, name: str, location: str) -> PublishedMart:
    started = time.monotonic()
    mart = pyarrow.dataset.dataset(_arrow_path(location), format="parquet", partitioning="hive")
    try:
        with connection.transaction():
            _create_or_extend(connection, name, mart.schema)
            rows = _copy(connection, name, mart)
            deleted = _delete_vanished(connection, name)
            upserted = _upsert_changed(connection, name, mart.schema.names)
            connection.execute("drop table incoming")
    except psycopg.Error as error:
        raise PublishFailed(f"PostgreSQL did not take {SCHEMA}.{name}: {str(error).strip()}") from error
    published = PublishedMart(name, rows, upserted, deleted, time.monotonic() - started)
    log.info("published %s.%s: %d rows, %d upserted, %d deleted", SCHEMA, name, rows, upserted, deleted)
    return published


def _create_or_extend(connection: psycopg.Connection, name: str, schema: pa.Schema) -> None:
    table = sql.Identifier(SCHEMA, name)
    connection.execute(sql.SQL("create table if not exists {} ()").format(table))
    for field in schema:
        statement = sql.SQL("alter table {} add column if not exists {} {}")
        column = sql.Identifier(field.name), sql.SQL(_postgres_type(field.type))
        connection.execute(statement.format(table, *column))
    connection.execute(
        sql.SQL("create unique index if not exists {} on {} ({})").format(
            sql.Identifier(f"{name}_key"), table, _names(MART_KEYS[name])
        )
    )


def _copy(connection: psycopg.Connection, name: str, mart: pyarrow.dataset.Dataset) -> int:
    rows = 0
    columns = _names(mart.schema.names)
    connection.execute(
        sql.SQL("create temporary table incoming on commit drop as select {} from {} limit 0").format(
            columns, sql.Identifier(SCHEMA, name)
        )
    )
    copy_in = sql.SQL("copy incoming ({}) from stdin (format csv)").format(columns)
    with connection.cursor() as cursor, cursor.copy(copy_in) as copy:
        for batch in _batches(mart):
            rows += batch.num_rows
            copy.write(_as_csv(batch))
    connection.execute("analyze incoming")
    return rows


def _delete_vanished(connection: psycopg.Connection, name: str) -> int:
    statement = sql.SQL("delete from {} as mart where not exists (select from incoming where {})")
    same_key = _all_equal(MART_KEYS[name], "mart", "incoming")
    return connection.execute(statement.format(sql.Identifier(SCHEMA, name), same_key)).rowcount


def _upsert_changed(connection: psycopg.Connection, name: str, columns: list[str]) -> int:
    values = [column for column in columns if column not in MART_KEYS[name]]
    statement = sql.SQL(
        "insert into {mart} as mart ({columns}) select {columns} from incoming "
        "on conflict ({key}) do update set ({values}) = row({new}) where ({old}) is distinct from ({new})"
    )
    return connection.execute(
        statement.format(
            mart=sql.Identifier(SCHEMA, name),
            columns=_names(columns),
            key=_names(MART_KEYS[name]),
            values=_names(values),
            old=_names(values, "mart"),
            new=_names(values, "excluded"),
        )
    ).rowcount


def _location(settings: Settings, name: str) -> str:
    with open_cursor(settings) as cursor:
        try:
            cursor.execute(f"describe formatted {SCHEMA}.{name}")
        except ThriftError:
            raise PublishFailed(f"{SCHEMA}.{name} is not in the lake. Run 'coinloom build' first.") from None
        return next(str(value) for column, value, _ in cursor.fetchall() if column == "Location")


def _arrow_path(location: str) -> str:
    """Spark's address of a folder as pyarrow's: `file:/x` is a path, `s3a://x` is `s3://x`."""
    parts = urlsplit(location)
    if parts.scheme in {"", "file"}:
        return parts.path
    return location.replace("s3a://", "s3://", 1)


def _batches(mart: pyarrow.dataset.Dataset) -> Iterator[pa.RecordBatch]:
    for batch in mart.to_batches(batch_size=ROWS_PER_BATCH):
        without_zone = [
            column.cast(pa.timestamp("us")) if pa.types.is_timestamp(column.type) else column
            for column in batch.columns
        ]
        yield pa.RecordBatch.from_arrays(without_zone, names=batch.schema.names)


def _as_csv(batch: pa.RecordBatch) -> bytes:
    buffer = BytesIO()
    pyarrow.csv.write_csv(batch, buffer, pyarrow.csv.WriteOptions(include_header=False))
    return buffer.getvalue()


def _postgres_type(arrow: pa.DataType) -> str:
    if pa.types.is_timestamp(arrow):
        return "timestamp"
    names = {pa.float64(): "double precision", pa.int32(): "integer", pa.int64(): "bigint", pa.bool_(): "boolean"}
    return names.get(arrow, "text")


def _names(columns: list[str] | tuple[str, ...], table: str | None = None) -> sql.Composed:
    prefix = [table] if table else []
    return sql.SQL(", ").join(sql.Identifier(*prefix, column) for column in columns)


def _all_equal(columns: tuple[str, ...], left: str, right: str) -> sql.Composed:
    pairs = (sql.SQL("{} = {}").format(sql.Identifier(left, c), sql.Identifier(right, c)) for c in columns)
    return sql.SQL(" and ").join(pairs)
