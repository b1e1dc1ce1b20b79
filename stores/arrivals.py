"""What has come to a sink in the last minutes, read without Spark and without looking at the history."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

import pyarrow as pa
import pyarrow.compute as pc
from psycopg import sql
from pyarrow.fs import FileSystem
from pyarrow.parquet import ParquetFile

from coinloom.settings import Settings, Sink
from stores.database import SOON_SECONDS, connect
from stores.lake_files import arrow_address, data_files, landed_hours

LANDING, QUARANTINE = "landing", "quarantine"
MINUTES = """
    select date_trunc('minute', landed_at), count(*), max(landed_at)
    from {}
    where landed_hour = (select max(landed_hour) from landing.crypto_prices)
    group by 1
"""

ByMinute = Mapping[datetime, int]


@dataclass(frozen=True, slots=True)
class Arrivals:
    """Of the newest hour of landing: the rows that landed, and those that were rejected, by minute in UTC.

    `last_at` is when the last of either came.
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
    return Arrivals(sink, _numbers(landed), _numbers(rejected), last)


Counts = dict[datetime, tuple[int, datetime]]
"""By minute, how many came, and when the last of them."""


def _numbers(counts: Counts) -> ByMinute:
    return {minute: number for minute, (number, _) in counts.items()}


def _in_postgres(settings: Settings) -> Iterator[Counts]:
    with connect(settings, connect_timeout_seconds=SOON_SECONDS) as connection:
        for schema in (LANDING, QUARANTINE):
            query = sql.SQL(MINUTES).format(sql.Identifier(schema, "crypto_prices"))
            yield {minute: (number, last) for minute, number, last in connection.execute(query)}


def _in_the_lake(settings: Settings) -> Iterator[Counts]:
    lake, root = FileSystem.from_uri(arrow_address(settings.lake))
    newest = max(landed_hours(lake, f"{root}/{LANDING}/crypto_prices"), default="")
    for table in (LANDING, QUARANTINE):
        folder = f"{root}/{table}/crypto_prices/landed_hour={newest}"
        counts: Counts = {}
        for path in data_files(lake, folder) if newest else ():
            for minute, number, last in _in_file(lake, path):
                before, last_before = counts.get(minute, (0, last))
                counts[minute] = before + number, max(last, last_before)
        yield counts


def _in_file(lake: FileSystem, path: str) -> Iterator[tuple[datetime, int, datetime]]:
    with ParquetFile(path, filesystem=lake) as file:
        landed_at = file.read(["landed_at"])["landed_at"]
    rows = pa.table({"minute": pc.floor_temporal(landed_at, unit="minute"), "landed_at": landed_at})
    for one in rows.group_by("minute").aggregate([([], "count_all"), ("landed_at", "max")]).to_pylist():
        yield one["minute"].replace(tzinfo=None), one["count_all"], one["landed_at_max"].replace(tzinfo=None)
