"""The rows of many Parquet files, sorted, in few: what is written for each hour."""

import os
from collections.abc import Iterator, Sequence
from hashlib import sha256
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from maintenance.errors import MaintenanceFailed

ROWS_PER_FILE = 1_000_000  # about a gigabyte of memory while they are sorted
ROWS_PER_GROUP = 131_072
PREFIX = "compacted-"


def compacted_name(sources: Sequence[str]) -> str:
    """How the names of the files that are made of these begin: no other set of files has it."""
    digest = sha256("\n".join(sorted(sources)).encode()).hexdigest()
    return f"{PREFIX}{digest[:16]}"


def rewrite(sources: Sequence[Path], folder: Path, order: Sequence[str]) -> int:
    """Write the rows of `sources` into `folder`, each file sorted by `order`; returns how many files it took.

    Raises:
        MaintenanceFailed: a source cannot be read, the sources do not fit together, or rows went missing.
        OSError: the disk is full.
    """
    name = compacted_name([source.name for source in sources])
    expected = written = files = 0
    for files, tables in enumerate(_gathered(sources), start=1):
        rows = _together(tables).sort_by([(column, "ascending") for column in order])
        file = folder / f"{name}-{files}.parquet"
        _write(rows, file, order)
        expected += sum(table.num_rows for table in tables)
        written += pq.read_metadata(file).num_rows
    if written != expected:
        raise MaintenanceFailed(f"{folder} has {written:,} rows of {expected:,}; nothing was replaced.")
    return files


def _gathered(sources: Sequence[Path]) -> Iterator[list[pa.Table]]:
    """As many as make one file."""
    tables: list[pa.Table] = []
    for source in sources:
        try:
            tables.append(pq.read_table(source, partitioning=None))
        except pa.ArrowException as error:
            raise MaintenanceFailed(f"{source} is no Parquet file that can be read: {error}") from error
        if sum(table.num_rows for table in tables) >= ROWS_PER_FILE:
            yield tables
            tables = []
    if tables:
        yield tables


def _together(tables: Sequence[pa.Table]) -> pa.Table:
    """A file that is older than a column has nulls in it."""
    try:
        return pa.concat_tables(tables, promote_options="default")
    except pa.ArrowException as error:
        raise MaintenanceFailed(f"Files of one hour do not fit together: {error}") from error


def _write(rows: pa.Table, file: Path, order: Sequence[str]) -> None:
    texts = [field.name for field in rows.schema if pa.types.is_string(field.type)]
    sorting = pq.SortingColumn.from_ordering(rows.schema, [(column, "ascending") for column in order])
    pq.write_table(
        rows,
        file,
        row_group_size=ROWS_PER_GROUP,
        compression="zstd",
        use_dictionary=texts,
        sorting_columns=sorting,
        store_schema=False,
    )
    on_disk(file)


def on_disk(path: Path) -> None:
    """Wait until a file, or the names in a folder, would survive a loss of power."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
