"""Lands batches in PostgreSQL, each in one transaction.

The key of a landed row is its place in Kafka. Each transaction also notes how far the topic has landed. Where a batch
begins before that, or a row is there already, all go through empty side tables, and those that are new into the real
ones: no place is in them twice, nor in both. As in the lake, no row lands in an hour before the newest: builds read on
from there.
"""

import itertools
from collections.abc import Callable, Iterator, Mapping
from functools import partial

import psycopg
import pyarrow as pa
import pyarrow.compute as pc
from psycopg import sql
from pyarrow.csv import CSVWriter, WriteOptions
from pyarrow.fs import FileSystem
from pyarrow.parquet import ParquetFile
from pyspark.sql import DataFrame

from coinloom.settings import Settings
from spark_streaming.lost_messages import expect_notes, require_rows
from spark_streaming.staging import Staging
from spark_streaming.transforms import LANDING_COLUMNS, QUARANTINE_COLUMNS, STAGED_INSTEAD
from stores.composing import all_equal, names
from stores.database import connect
from stores.lake_files import PARTITION, arrow_address, data_files
from stores.next_offsets import note_next_offsets

# So many rows are in memory at once, and what is in quarantine may have 1 MB a row.
LANDING_ROWS, QUARANTINE_ROWS = 20_000, 100

COLUMNS = {"landing": LANDING_COLUMNS, "quarantine": QUARANTINE_COLUMNS}
OTHER = {"landing": "quarantine", "quarantine": "landing"}
PLACE = ("kafka_topic", "kafka_partition", "kafka_offset")
# Another release may have called a message valid that this one rejects, or the other way round: it stays where it is.
MERGE = """
    insert into {target} ({columns}, landed_hour)
    select {columns}, %s
    from {incoming} as incoming
    where not exists (select from {other} as other where {is_at_that_place})
    on conflict do nothing
"""

Rows = Iterator[pa.RecordBatch]
Batch = Mapping[str, Callable[[], Rows]]
"""By schema, what gives the rows for its table anew at each call."""


class PostgresSink:
    """Writes valid rows to `landing.crypto_prices` and the others to `quarantine.crypto_prices`."""

    def __init__(self, settings: Settings, staging: Staging) -> None:
        self._settings = settings
        self._staging = staging
        self._has_noted = False

    def write(self, rows: DataFrame, batch_id: int) -> int:
        """Land a batch of staged rows; returns how many messages it has.

        Raises:
            RowsLost: what landed before it is not there any more.
            DatabaseUnavailable, psycopg.Error.
            OSError: the lake cannot be written.
        """
        with connect(self._settings) as connection:  # first: if it fails, it says what to do, and no task waits for it
            batch = self._staging.write(rows, batch_id)
            is_new = require_rows(connection, self._settings, batch.begins) == batch.begins
            of_batch: Batch = {
                "landing": partial(_rows, batch.valid, LANDING_ROWS),
                "quarantine": lambda: map(_rejected_rows, _rows(batch.rejected, QUARANTINE_ROWS)),
            }
            if not is_new or not _copy_new(connection, of_batch, batch.landed_hour):
                _merge(connection, of_batch, batch.landed_hour)
            note_next_offsets(connection, self._settings.kafka_topic, batch.ends)
        if not self._has_noted:
            expect_notes(self._settings)
            self._has_noted = True
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


def _copy_new(connection: psycopg.Connection, of_batch: Batch, landed_hour: str) -> bool:
    """False, and nothing is there, if a row of it was there before."""
    try:
        with connection.transaction():
            for schema, rows in of_batch.items():
                _copy(connection, _table(schema), rows(), {PARTITION: _hour(connection, schema, landed_hour)})
    except psycopg.errors.UniqueViolation:
        return False
    return True


def _merge(connection: psycopg.Connection, of_batch: Batch, landed_hour: str) -> None:
    for schema, rows in of_batch.items():
        incoming = sql.Identifier(schema, "crypto_prices_incoming")
        connection.execute(sql.SQL("truncate {}").format(incoming))
        _copy(connection, incoming, rows(), {})
        merge = sql.SQL(MERGE).format(
            target=_table(schema),
            columns=names(COLUMNS[schema]),
            incoming=incoming,
            other=_table(OTHER[schema]),
            is_at_that_place=all_equal(PLACE, "other", "incoming"),
        )
        connection.execute(merge, [_hour(connection, schema, landed_hour)])
        connection.execute(sql.SQL("truncate {}").format(incoming))


def _table(schema: str) -> sql.Identifier:
    return sql.Identifier(schema, "crypto_prices")


def _hour(connection: psycopg.Connection, schema: str, landed_hour: str) -> str:
    """That hour, or the newest of the table if it is later."""
    newest = sql.SQL("select greatest(%s, max(landed_hour)) from {}").format(_table(schema))
    (hour,) = connection.execute(newest, [landed_hour]).fetchone()  # type: ignore[misc]
    return str(hour)


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
