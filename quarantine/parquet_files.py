"""The quarantine in the lake: its Parquet files, read one record batch at a time."""

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow.fs import FileSystem
from pyarrow.parquet import ParquetFile

from coinloom.settings import Sink
from quarantine.contents import (
    MESSAGE,
    MESSAGES_PER_BATCH,
    PLACE,
    ByHour,
    Quarantine,
    QuarantinedMessage,
    QuarantineUnreadable,
    ReasonCount,
    together,
)
from stores.lake_files import PARTITION, arrow_address, data_files, landed_hours, listed_again

COUNTED_ROWS_PER_BATCH = 65_536


class QuarantineFiles(Quarantine):
    """`<lake>/quarantine/crypto_prices`, in folders `landed_hour=...`. Empty if it is not there."""

    def __init__(self, lake: str) -> None:
        self._location = f"{arrow_address(lake)}/quarantine/crypto_prices"

    def hours(self) -> list[str]:
        """Raises QuarantineUnreadable."""
        with self._opened() as (filesystem, root):
            return list(landed_hours(filesystem, root))

    def count_by_hour(self, hours: Sequence[str]) -> ByHour:
        """An hour is begun again if it was compacted meanwhile. Raises QuarantineUnreadable."""
        with self._opened() as (filesystem, root):
            return {hour: _count(filesystem, f"{root}/{PARTITION}={hour}") for hour in hours}

    def batches(self, reasons: Collection[str] = (), since_hour: str = "") -> Iterator[list[QuarantinedMessage]]:
        """In the order in which they landed. Raises QuarantineUnreadable."""
        with self._opened() as (filesystem, root):
            chosen = [folder for hour, folder in landed_hours(filesystem, root).items() if hour >= since_hour]
            # All files at once, so that what lands meanwhile stays out.
            paths = [path for folder in chosen for path in sorted(data_files(filesystem, folder))]
            for batch in _read(filesystem, paths, [*MESSAGE, "reason"], MESSAGES_PER_BATCH):
                ours = batch.filter(pc.is_in(batch["reason"], pa.array(reasons, pa.string()))) if reasons else batch
                yield [QuarantinedMessage(*row.values()) for row in ours.select(MESSAGE).to_pylist()]

    @contextmanager
    def _opened(self) -> Iterator[tuple[FileSystem, str]]:
        """The table's folder. What cannot be read is a clear error."""
        try:
            yield FileSystem.from_uri(self._location)
        except (OSError, pa.ArrowException) as error:
            advice = "if files were moved meanwhile, try again; otherwise check LAKE_ROOT"
            raise QuarantineUnreadable(
                f"the quarantine in {self._location} could not be read ({error}); {advice}"
            ) from error


@listed_again
def _count(filesystem: FileSystem, folder: str) -> list[ReasonCount]:
    columns = [*PLACE, "reason", "landed_at"]
    batches = _read(filesystem, sorted(data_files(filesystem, folder)), columns, COUNTED_ROWS_PER_BATCH)
    return together(count for batch in batches for count in _counted(batch))


def _read(filesystem: FileSystem, paths: Sequence[str], columns: Sequence[str], rows: int) -> Iterator[pa.RecordBatch]:
    for path in paths:
        with ParquetFile(path, filesystem=filesystem) as file:
            present = set(file.schema_arrow.names)
            for batch in file.iter_batches(rows, columns=[name for name in columns if name in present]):
                yield _with_columns(batch, columns)


def _with_columns(batch: pa.RecordBatch, columns: Sequence[str]) -> pa.RecordBatch:
    """A file may be older than a column."""
    nothing = pa.nulls(batch.num_rows)
    present = set(batch.schema.names)
    return pa.RecordBatch.from_arrays([batch[name] if name in present else nothing for name in columns], list(columns))


def _counted(batch: pa.RecordBatch) -> Iterator[ReasonCount]:
    table = pa.Table.from_batches([batch])
    firsts = [(name, "first") for name in PLACE]
    times = [("landed_at", "min"), ("landed_at", "max")]
    groups = table.group_by("reason", use_threads=False).aggregate([([], "count_all"), *times, *firsts])
    for group in groups.to_pylist():
        first, last = (group[f"landed_at_{end}"].astimezone(UTC) for end in ("min", "max"))
        sample = "/".join(str(group[f"{name}_first"]) for name in PLACE)
        yield ReasonCount(Sink.PARQUET, group["reason"], group["count_all"], first, last, sample)
