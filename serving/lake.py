"""The warehouse of the target `spark`: Spark knows its tables, their Parquet files are read without Spark."""

import logging
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from io import BytesIO
from typing import Any

import psycopg
import pyarrow as pa
import pyarrow.csv
from psycopg import sql
from pyarrow.fs import FileSystem
from pyarrow.parquet import ParquetFile
from pyhive.exc import Error as ThriftError
from pyhive.hive import Cursor

from serving.marts import Mart
from serving.source import (
    HOUR_VERSIONS,
    UNFINISHED_BUILDS,
    WAREHOUSE,
    PublishFailed,
    finished,
    no_build,
    not_partitioned,
)
from stores.composing import names
from stores.lake_files import arrow_address, data_files
from stores.thrift import is_not_there

log = logging.getLogger("serving")

ROWS_PER_BATCH = 65_536
ROWS_PER_PROGRESS_LINE = 1_000_000
# Spark's types that can be published, as PostgreSQL's and as Arrow's.
TYPES = {
    "string": ("text", pa.string()),
    "double": ("double precision", pa.float64()),
    "float": ("real", pa.float32()),
    "int": ("integer", pa.int32()),
    "bigint": ("bigint", pa.int64()),
    "boolean": ("boolean", pa.bool_()),
    "date": ("date", pa.date32()),
    "timestamp": ("timestamp without time zone", pa.timestamp("us")),
}


@dataclass(frozen=True, slots=True)
class LakeTable:
    mart: Mart
    columns: dict[str, str]
    schema: pa.Schema
    location: str

    def copy(self, connection: psycopg.Connection, into: sql.Composable, periods: Collection[str]) -> int:
        rows = 0
        statement = sql.SQL("copy {} ({}) from stdin (format csv)").format(into, names(self.columns))
        with connection.cursor() as cursor, cursor.copy(statement) as copy:
            for batch in self._batches(periods):
                copy.write(_as_csv(batch))
                millions = rows // ROWS_PER_PROGRESS_LINE
                rows += batch.num_rows
                if rows // ROWS_PER_PROGRESS_LINE > millions:
                    log.info("%s.%s: %d rows read from the lake", WAREHOUSE, self.mart.name, rows)
        return rows

    def _batches(self, periods: Collection[str]) -> Iterator[pa.RecordBatch]:
        """One row group at a time: the scanner of a whole dataset reads a gigabyte ahead."""
        filesystem, root = FileSystem.from_uri(self.location)
        for path in (path for folder in self._folders(root, periods) for path in data_files(filesystem, folder)):
            with ParquetFile(path, filesystem=filesystem) as file:
                for group in range(file.num_row_groups):
                    for batch in file.iter_batches(ROWS_PER_BATCH, row_groups=[group]):
                        yield _fitted(batch, self.schema)

    def _folders(self, root: str, periods: Collection[str]) -> list[str]:
        """Only those of the periods: what listing costs follows the changes, not the history."""
        if not self.mart.period:
            return [root]
        return [f"{root}/{self.mart.period.column}={period}" for period in sorted(periods)]


class Lake:
    """Tables behind the Thrift Server, each in one folder that has a folder for each period."""

    def __init__(self, cursor: Cursor) -> None:
        self._cursor = cursor

    def hour_versions(self) -> dict[str, str]:
        versions: dict[str, str] = dict(self._rows(HOUR_VERSIONS, missing="builds.hour_versions"))
        return finished(versions, self._rows(UNFINISHED_BUILDS, missing="builds.int_build_offsets")[0][0])

    def table(self, mart: Mart) -> LakeTable:
        name = f"{WAREHOUSE}.{mart.name}"
        described = self._rows(f"describe formatted {name}", missing=name)
        end_of_columns = next(i for i, (column, *_) in enumerate(described) if not column or column.startswith("#"))
        details = {column: value for column, value, _ in described[end_of_columns:]}
        types = {column: kind for column, kind, _ in described[:end_of_columns]}
        if mart.period:
            if mart.period.column not in details:  # which lists the partitions once more
                raise not_partitioned(name, mart.period.column)
            del types[mart.period.column]
        if unknown := {column: kind for column, kind in types.items() if kind not in TYPES}:
            raise PublishFailed(f"{name} has columns that cannot be published: {unknown}. Cast them in the model.")
        columns = {column: TYPES[kind][0] for column, kind in types.items()}
        schema = pa.schema([(column, TYPES[kind][1]) for column, kind in types.items()])
        return LakeTable(mart, columns, schema, arrow_address(details["Location"]))

    def _rows(self, statement: str, missing: str) -> list[tuple[Any, ...]]:
        try:
            self._cursor.execute(statement)
            return list(self._cursor.fetchall())
        except ThriftError as error:
            if is_not_there(error):
                raise no_build(f"{missing} is not in the lake") from None
            raise PublishFailed(f"Spark could not read {missing}: {error}") from error


def _fitted(batch: pa.RecordBatch, schema: pa.Schema) -> pa.RecordBatch:
    """With the columns of the table: a file may be older than one of them, and its timestamps have a zone."""
    present = set(batch.schema.names)
    columns = [
        batch[field.name].cast(field.type) if field.name in present else pa.nulls(batch.num_rows, field.type)
        for field in schema
    ]
    return pa.RecordBatch.from_arrays(columns, schema=schema)


def _as_csv(batch: pa.RecordBatch) -> bytes:
    """Null is nothing, an empty string is quoted, and a double has as many digits as bring the same one back."""
    buffer = BytesIO()
    pyarrow.csv.write_csv(batch, buffer, pyarrow.csv.WriteOptions(include_header=False))
    return buffer.getvalue()
