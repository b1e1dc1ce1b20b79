"""What has come to a sink in the last ten minutes, read without Spark and without looking at the history."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import pyarrow as pa
import pyarrow.compute as pc
from psycopg import sql
from pyarrow.fs import FileSystem
from pyarrow.parquet import ParquetFile

from coinloom.settings import Settings, Sink
from stores.database import connect_to_look
from stores.lake_files import arrow_address, data_files, landed_hours

LANDING, QUARANTINE = "landing", "quarantine"
LATELY = timedelta(minutes=10)
# A file has the rows of a batch, and is there soon after they have landed.
WRITTEN_WITHIN = LATELY + timedelta(minutes=2)
MINUTES = """
    select date_trunc('minute', landed_at), sum(number)::bigint, max(landed_at)
    from (
        select landed_at, count(*) as number
        from {}
        where landed_hour = (select max(landed_hour) from landing.crypto_prices)
        group by landed_at
    ) as batches
    group by 1
"""

ByMinute = Mapping[datetime, int]


@dataclass(frozen=True, slots=True)
class Arrivals:
    """The rows that landed, and those that were rejected, by minute in UTC, of the newest hour of landing.

    `last_at` is when the last of either came; minutes that began more than LATELY before it are left out.
    """

    sink: Sink
    landed: ByMinute
    rejected: ByMinute
    last_at: datetime | None = None

    @property
    def minutes(self) -> list[datetime]:
        """Those in which anything came, the newest first."""
        return sorted({*self.landed, *self.rejected}, reverse=True)


def arrivals(settings: Settings, sink: Sink) -> Arrivals:
    """Empty before the first row has landed. Raises DatabaseUnavailable."""
    counts = _in_the_lake if sink is Sink.PARQUET else _in_postgres
    landed, rejected = counts(settings)
    last = max((newest for _, newest in (*landed.values(), *rejected.values())), default=None)
    if last is None:
        return Arrivals(sink, {}, {})
    return Arrivals(sink, _numbers(landed, last - LATELY), _numbers(rejected, last - LATELY), last)


Counts = dict[datetime, tuple[int, datetime]]
"""By minute, how many came, and when the last of them."""


def _numbers(counts: Counts, since: datetime) -> ByMinute:
    return {minute: number for minute, (number, _) in counts.items() if minute > since}


def _in_postgres(settings: Settings) -> Iterator[Counts]:
    with connect_to_look(settings) as connection:
        for schema in (LANDING, QUARANTINE):
            query = sql.SQL(MINUTES).format(sql.Identifier(schema, "crypto_prices"))
            yield {minute: (number, last) for minute, number, last in connection.execute(query)}


def _in_the_lake(settings: Settings) -> Iterator[Counts]:
    lake, root = FileSystem.from_uri(arrow_address(settings.lake))
    newest = max(landed_hours(lake, f"{root}/{LANDING}/crypto_prices"), default="")
    for table in (LANDING, QUARANTINE):
        folder = f"{root}/{table}/crypto_prices/landed_hour={newest}"
        counts: Counts = {}
        for path in _written_lately(lake, data_files(lake, folder)) if newest else ():
            for minute, number, last in _in_file(lake, path):
                before, last_before = counts.get(minute, (0, last))
                counts[minute] = before + number, max(last, last_before)
        yield counts


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
