"""The rows of many Parquet files, sorted, in few: what is written for each hour."""

import json
import os
import re
from collections.abc import Iterator, Sequence
from hashlib import sha256
from pathlib import PurePath

import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow.fs import FileSystem, LocalFileSystem

from maintenance.errors import MaintenanceFailed
from stores.lake_files import COMPACTED, REPLACES

ROWS_PER_FILE = 1_000_000  # about a gigabyte of memory while they are sorted
ROWS_PER_GROUP = 131_072
GENERATION = re.compile(rf"{COMPACTED}(\d+)-")


def compacted_name(sources: Sequence[str]) -> str:
    """How the names of the files that are made of these begin: no other set of files has it, and it comes after all."""
    digest = sha256("\n".join(sorted(sources)).encode()).hexdigest()
    generation = max((int(match[1]) for name in sources if (match := GENERATION.match(name))), default=0) + 1
    return f"{COMPACTED}{generation:06d}-{digest[:16]}"


def rewrite(
    sources: Sequence[PurePath], folder: PurePath, order: Sequence[str], store: FileSystem | None = None
) -> int:
    """Write the rows of `sources` into `folder`, each file sorted by `order`; returns how many files it took.

    All paths are on `store`; by default on this machine's file system.

    Raises:
        MaintenanceFailed: a source cannot be read, the sources do not fit together, or rows went missing.
        OSError: the disk is full.
    """
    store = store or LocalFileSystem()
    name = compacted_name([source.name for source in sources])
    expected = written = files = 0
    for files, (names, tables) in enumerate(_gathered(sources, store), start=1):
        rows = _together(tables).sort_by([(column, "ascending") for column in order])
        file = folder / f"{name}-{files}.parquet"
        _write(rows, file, order, names, store)
        expected += sum(table.num_rows for table in tables)
        written += pq.read_metadata(str(file), filesystem=store).num_rows
    if written != expected:
        raise MaintenanceFailed(f"{folder} has {written:,} rows of {expected:,}; nothing was replaced.")
    return files


def _gathered(sources: Sequence[PurePath], store: FileSystem) -> Iterator[tuple[list[str], list[pa.Table]]]:
    """As many as make one file, with their names."""
    names: list[str] = []
    tables: list[pa.Table] = []
    for source in sources:
        try:
            with pq.ParquetFile(str(source), filesystem=store) as file:  # half of what `read_table` takes
                tables.append(file.read())
        except pa.ArrowException as error:
            raise MaintenanceFailed(f"{source} is no Parquet file that can be read: {error}") from error
        names.append(source.name)
        if sum(table.num_rows for table in tables) >= ROWS_PER_FILE:
            yield names, tables
            names, tables = [], []
    if tables:
        yield names, tables


def _together(tables: Sequence[pa.Table]) -> pa.Table:
    """A file that is older than a column has nulls in it."""
    try:
        return pa.concat_tables(tables, promote_options="default")
    except pa.ArrowException as error:
        raise MaintenanceFailed(f"Files of one hour do not fit together: {error}") from error


def _write(rows: pa.Table, file: PurePath, order: Sequence[str], sources: Sequence[str], store: FileSystem) -> None:
    texts = [field.name for field in rows.schema if pa.types.is_string(field.type)]
    sorting = pq.SortingColumn.from_ordering(rows.schema, [(column, "ascending") for column in order])
    with pq.ParquetWriter(
        str(file),
        rows.schema,
        filesystem=store,
        compression="zstd",
        use_dictionary=texts,
        sorting_columns=sorting,
        store_schema=False,
    ) as writer:
        writer.write_table(rows, row_group_size=ROWS_PER_GROUP)
        writer.add_key_value_metadata({REPLACES: json.dumps(sources)})
    if isinstance(store, LocalFileSystem):
        on_disk(file)


def on_disk(path: PurePath) -> None:
    """Wait until a file, or the names in a folder, would survive a loss of power."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
