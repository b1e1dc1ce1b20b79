"""The quarantine in the lake: its Parquet files, read one record batch at a time."""

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow.fs import FileSystem
from pyarrow.parquet import ParquetFile
from tenacity import retry, retry_if_exception_cause_type, stop_after_attempt

from coinloom.settings import Sink
from quarantine.contents import (
    MESSAGE,
    MESSAGES_PER_BATCH,
    PLACE,
    QuarantinedMessage,
    QuarantineUnreadable,
    ReasonCount,
)
from stores.lake_files import arrow_address, data_files, landed_hours

COUNTED_ROWS_PER_BATCH = 65_536
COUNT_ATTEMPTS = 5


class QuarantineFiles:
    """`<lake>/quarantine/crypto_prices`, in folders `landed_hour=...`. Empty if it is not there."""

    def __init__(self, lake: str) -> None:
        self._location = f"{arrow_address(lake)}/quarantine/crypto_prices"

    # In an object store a file can go in the middle of it, which is no FileNotFoundError.
    @retry(retry=retry_if_exception_cause_type(OSError), stop=stop_after_attempt(COUNT_ATTEMPTS), reraise=True)
    def count(self, since_hour: str = "") -> list[ReasonCount]:
        """In order of the reasons; begins again if an hour was compacted meanwhile. Raises QuarantineUnreadable."""
        found: dict[str, ReasonCount] = {}
        for batch in self._read([*PLACE, "reason", "landed_at"], since_hour, COUNTED_ROWS_PER_BATCH):
            for count in _counted(batch):
                before = found.get(count.reason)
                found[count.reason] = _together(before, count) if before else count
        return [found[reason] for reason in sorted(found)]

    def batches(self, reasons: Collection[str] = (), since_hour: str = "") -> Iterator[list[QuarantinedMessage]]:
        """In the order in which they landed. Raises QuarantineUnreadable."""
        for batch in self._read([*MESSAGE, "reason"], since_hour, MESSAGES_PER_BATCH):
            chosen = batch.filter(pc.is_in(batch["reason"], pa.array(reasons, pa.string()))) if reasons else batch
            yield [QuarantinedMessage(*row.values()) for row in chosen.select(MESSAGE).to_pylist()]

    def _read(self, columns: Sequence[str], since_hour: str, rows: int) -> Iterator[pa.RecordBatch]:
        with _clear_errors(self._location):
            filesystem, root = FileSystem.from_uri(self._location)
            for path in _listed(filesystem, root, since_hour):
                with ParquetFile(path, filesystem=filesystem) as file:
                    present = set(file.schema_arrow.names)
                    for batch in file.iter_batches(rows, columns=[name for name in columns if name in present]):
                        yield _with_columns(batch, columns)


def _listed(filesystem: FileSystem, root: str, since_hour: str) -> list[str]:
    """All files at once, so that what lands meanwhile stays out."""
    chosen = [folder for hour, folder in landed_hours(filesystem, root).items() if hour >= since_hour]
    return [path for folder in chosen for path in sorted(data_files(filesystem, folder))]


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


def _together(one: ReasonCount, other: ReasonCount) -> ReasonCount:
    newest = max(one, other, key=lambda count: count.last_landed_at)
    first = min(one.first_landed_at, other.first_landed_at)
    return replace(newest, messages=one.messages + other.messages, first_landed_at=first)


@contextmanager
def _clear_errors(location: str) -> Iterator[None]:
    try:
        yield
    except (OSError, pa.ArrowException) as error:
        advice = "if files were moved meanwhile, try again; otherwise check LAKE_ROOT"
        raise QuarantineUnreadable(f"the quarantine in {location} could not be read ({error}); {advice}") from error
