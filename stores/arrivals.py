"""What has come to a sink in the last ten minutes, read without Spark and without looking at the history."""

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow.fs import FileSystem
from pyarrow.parquet import ParquetFile

from coinloom.settings import Settings, Sink
from stores.database import connect_to_look
from stores.lake_files import arrow_address, data_files, landed_hours, listed_again
from stores.landed_rows import LandedRows

TABLES = ("landing", "quarantine")
MINUTE, LATELY = timedelta(minutes=1), timedelta(minutes=10)
# A file has the rows of a batch, and is there soon after they have landed.
WRITTEN_WITHIN = LATELY + timedelta(minutes=2)
# A file of prices lands millions of rows a minute. Then the newest minutes are counted, one at least.
COUNTING_SECONDS = 1.0

ByMinute = Mapping[datetime, int]


@dataclass(frozen=True, slots=True)
class Arrivals:
    """The rows that landed, and those that were rejected, by minute in UTC.

    Minutes that began more than LATELY before the last of either came are left out.
    """

    sink: Sink
    landed: ByMinute
    rejected: ByMinute

    @property
    def minutes(self) -> list[datetime]:
        """Those in which anything came, the newest first."""
        return sorted({*self.landed, *self.rejected}, reverse=True)


def arrivals(settings: Settings, sink: Sink) -> Arrivals:
    """Empty before the first row has come. Raises DatabaseUnavailable, and OSError of the lake."""
    landed, rejected = _in_the_lake(settings) if sink is Sink.PARQUET else _in_postgres(settings)
    return Arrivals(sink, landed, rejected)


def _in_postgres(settings: Settings) -> tuple[ByMinute, ByMinute]:
    numbers: list[dict[datetime, int]] = [{} for _ in TABLES]
    with connect_to_look(settings) as connection:
        tables = [LandedRows(connection, schema) for schema in TABLES]
        lasts = [at for at in (rows.last_at() for rows in tables) if at]
        deadline = time.monotonic() + COUNTING_SECONDS
        for minute in _minutes_up_to(max(lasts)) if lasts else ():
            for rows, of_table in zip(tables, numbers, strict=True):
                if number := sum(rows.between(minute, minute + MINUTE, "count(*)")):
                    of_table[minute] = number
            if time.monotonic() > deadline:
                break
    landed, rejected = numbers
    return landed, rejected


def _minutes_up_to(last: datetime) -> Iterator[datetime]:
    """The newest first."""
    minute = last.replace(second=0, microsecond=0)
    while minute > last - LATELY:
        yield minute
        minute -= MINUTE


Counts = Mapping[datetime, tuple[int, datetime]]
"""By minute, how many came, and when the last of them."""


def _in_the_lake(settings: Settings) -> tuple[ByMinute, ByMinute]:
    lake, root = FileSystem.from_uri(arrow_address(settings.lake))
    landed, rejected = (_of_newest_hour(lake, f"{root}/{schema}/crypto_prices") for schema in TABLES)
    last = max((newest for _, newest in (*landed.values(), *rejected.values())), default=None)
    if last is None:
        return {}, {}
    return _numbers(landed, last - LATELY), _numbers(rejected, last - LATELY)


def _numbers(counts: Counts, since: datetime) -> ByMinute:
    return {minute: number for minute, (number, _) in counts.items() if minute > since}


def _of_newest_hour(lake: FileSystem, table: str) -> Counts:
    """Of the newest that has files: a stream that was killed may have left a folder without."""
    folders = sorted(landed_hours(lake, table).values(), reverse=True)
    return next(filter(None, (_of_hour(lake, folder) for folder in folders)), {})


@listed_again
def _of_hour(lake: FileSystem, folder: str) -> Counts:
    counts: dict[datetime, tuple[int, datetime]] = {}
    for path in _written_lately(lake, data_files(lake, folder)):
        for minute, number, last in _in_file(lake, path):
            before, last_before = counts.get(minute, (0, last))
            counts[minute] = before + number, max(last, last_before)
    return counts


def _written_lately(lake: FileSystem, paths: list[str]) -> list[str]:
    """An hour of polls each second has thousands of files."""
    written = {info.path: info.mtime for info in lake.get_file_info(paths) if info.mtime}
    newest = max(written.values(), default=None)
    return [path for path, at in written.items() if newest and newest - at <= WRITTEN_WITHIN]


def _in_file(lake: FileSystem, path: str) -> Iterator[tuple[datetime, int, datetime]]:
    with ParquetFile(path, filesystem=lake) as file:
        landed_at = file.read(["landed_at"])["landed_at"]
    rows = pa.table({"minute": pc.floor_temporal(landed_at, unit="minute"), "landed_at": landed_at})
    for one in rows.group_by("minute").aggregate([([], "count_all"), ("landed_at", "max")]).to_pylist():
        yield one["minute"].replace(tzinfo=None), one["count_all"], one["landed_at_max"].replace(tzinfo=None)
