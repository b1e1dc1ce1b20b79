"""Lands batches in PostgreSQL, each in one transaction.

The key of a landed row is its place in Kafka. Where one is there already, as when a batch is repeated, all go through
an empty side table, and those that are new into the real one: nothing is inserted twice. As in the lake, no row lands
in an hour before the newest: builds read on from there.
"""

import itertools
from collections.abc import Callable, Iterator

import psycopg
import pyarrow as pa
import pyarrow.compute as pc
from psycopg import sql
from pyarrow.csv import CSVWriter, WriteOptions
from pyarrow.fs import FileSystem
from pyarrow.parquet import ParquetFile
from pyspark.sql import DataFrame

from coinloom.settings import Settings
from spark_streaming.staging import Staging
from spark_streaming.transforms import LANDING_COLUMNS, QUARANTINE_COLUMNS, STAGED_INSTEAD
from stores.composing import names
from stores.database import connect
from stores.lake_files import PARTITION, arrow_address, data_files

# So many rows are in memory at once, and what is in quarantine may have 1 MB a row.
LANDING_ROWS, QUARANTINE_ROWS = 20_000, 100


Rows = Iterator[pa.RecordBatch]


class PostgresSink:
    """Writes valid rows to `landing.crypto_prices` and the others to `quarantine.crypto_prices`."""

    def __init__(self, settings: Settings, staging: Staging) -> None:
        self._settings = settings
        self._staging = staging

    def write(self, rows: DataFrame, batch_id: int) -> int:
        """Land a batch of staged rows; returns how many messages it has."""
        with connect(self._settings) as connection:  # first: if it fails, it says what to do, and no task waits for it
            batch = self._staging.write(rows, batch_id)
            _insert(connection, "landing", batch.landed_hour, lambda: _rows(batch.valid, LANDING_ROWS))
            _insert(
                connection,
                "quarantine",
                batch.landed_hour,
                lambda: map(_rejected_rows, _rows(batch.rejected, QUARANTINE_ROWS)),
            )
        self._staging.remove(batch)
        return batch.messages


def _rows(folder: str, at_once: int) -> Rows:
    lake, path = FileSystem.from_uri(arrow_address(folder))
    for name in data_files(lake, path):
        with ParquetFile(name, filesystem=lake) as file:
            yield from file.iter_batches(at_once)


def _rejected_rows(staged: pa.RecordBatch) -> pa.RecordBatch:
    """As `transforms.rejected_rows`, with bytes as PostgreSQL reads them."""
    columns = {name: staged[STAGED_INSTEAD.get(name, name)] for name in QUARANTINE_COLUMNS}
    for name in ("raw_key", "raw_value"):
        columns[name] = pc.binary_join_element_wise("\\x", columns[name], "")
    return pa.RecordBatch.from_pydict(columns)


def _insert(connection: psycopg.Connection, schema: str, landed_hour: str, rows: Callable[[], Rows]) -> None:
    """`rows` gives them anew at each call."""
    target, incoming = sql.Identifier(schema, "crypto_prices"), sql.Identifier(schema, "crypto_prices_incoming")
    newest = sql.SQL("select greatest(%s, max(landed_hour)) from {}").format(target)
    (hour,) = connection.execute(newest, [landed_hour]).fetchone()  # type: ignore[misc]
    try:
        with connection.transaction():
            _copy(connection, target, rows(), {PARTITION: hour})
    except psycopg.errors.UniqueViolation:
        connection.execute(sql.SQL("truncate {}").format(incoming))
        _copy(connection, incoming, rows(), {})
        merge = (
            "insert into {target} ({columns}, landed_hour) select {columns}, %s from {incoming} on conflict do nothing"
        )
        columns = names(LANDING_COLUMNS if schema == "landing" else QUARANTINE_COLUMNS)
        connection.execute(sql.SQL(merge).format(target=target, columns=columns, incoming=incoming), [hour])
        connection.execute(sql.SQL("truncate {}").format(incoming))


def _copy(connection: psycopg.Connection, table: sql.Identifier, rows: Rows, constants: dict[str, str]) -> None:
    first = next(rows, None)
    if first is None:
        return
    columns = [*first.schema.names, *constants]
    statement = sql.SQL("copy {} ({}) from stdin (format csv)").format(table, names(columns))
    with connection.cursor() as cursor, cursor.copy(statement) as to_server:
        for batch in itertools.chain([first], rows):
            to_server.write(_csv(batch, constants))


def _csv(rows: pa.RecordBatch, constants: dict[str, str]) -> pa.Buffer:
    """Null is nothing between two commas, an empty text two quotation marks; instants lose their zone, which is UTC."""
    columns = {
        name: column.cast(pa.timestamp("us")) if pa.types.is_timestamp(column.type) else column
        for name, column in zip(rows.schema.names, rows.columns, strict=True)
    }
    columns |= {name: pa.repeat(value, rows.num_rows) for name, value in constants.items()}
    batch, text = pa.RecordBatch.from_pydict(columns), pa.BufferOutputStream()
    with CSVWriter(text, batch.schema, write_options=WriteOptions(include_header=False)) as writer:
        writer.write(batch)
    return text.getvalue()
