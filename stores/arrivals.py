"""What has come to a sink in the last minutes, read without Spark and without looking at the history."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

import pyarrow.compute as pc
from psycopg import sql
from pyarrow.fs import FileSystem
from pyarrow.parquet import ParquetFile

from coinloom.settings import Settings, Sink
from stores.database import connect
from stores.lake_files import arrow_address, data_files, landed_hours

LANDING, QUARANTINE = "landing", "quarantine"
MINUTES = """
    select date_trunc('minute', landed_at), count(*)
    from {}
    where landed_hour = (select max(landed_hour) from landing.crypto_prices)
    group by 1
"""

ByMinute = Mapping[datetime, int]


@dataclass(frozen=True, slots=True)
class Arrivals:
    """Of the newest hour of landing: the rows that landed, and those that were rejected, by minute in UTC."""

    sink: Sink
    landed: ByMinute
    rejected: ByMinute

    @property
    def minutes(self) -> list[datetime]:
        """Those in which anything came, the newest first."""
        return sorted({*self.landed, *self.rejected}, reverse=True)


def arrivals(settings: Settings, sink: Sink) -> Arrivals:
    """Empty before the first row has landed. Raises DatabaseUnavailable."""
    count = _in_the_lake if sink is Sink.PARQUET else _in_postgres
    landed, rejected = count(settings)
    return Arrivals(sink, landed, rejected)


def _in_postgres(settings: Settings) -> Iterator[ByMinute]:
    with connect(settings, connect_timeout_seconds=2) as connection:
        for schema in (LANDING, QUARANTINE):
            query = sql.SQL(MINUTES).format(sql.Identifier(schema, "crypto_prices"))
            yield dict(connection.execute(query).fetchall())


def _in_the_lake(settings: Settings) -> Iterator[ByMinute]:
    lake, root = FileSystem.from_uri(arrow_address(settings.lake))
    hours = landed_hours(lake, f"{root}/{LANDING}/crypto_prices")
    newest = max(hours, default="")
    for table in (LANDING, QUARANTINE):
        folder = f"{root}/{table}/crypto_prices/landed_hour={newest}"
        counted: Counter[datetime] = Counter()
        for path in data_files(lake, folder) if newest else ():
            counted += _in_file(lake, path)
        yield counted


def _in_file(lake: FileSystem, path: str) -> Counter[datetime]:
    with ParquetFile(path, filesystem=lake) as file:
        landed_at = file.read(["landed_at"])["landed_at"]
    minutes = pc.value_counts(pc.floor_temporal(landed_at, unit="minute"))
    return Counter({one["values"].replace(tzinfo=None): one["counts"] for one in minutes.to_pylist()})
