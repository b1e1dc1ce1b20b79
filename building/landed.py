"""Whether something has landed: a look that costs neither Spark nor a scan, so that it can be taken often.

New rows land in the newest `landed_hour` or a later one (see the sinks), and in PostgreSQL at higher offsets. Rows that
come in any other way are found by the build that runs when nothing has been built for long.
"""

import time
from collections.abc import Callable
from typing import Protocol

import psycopg
from pyarrow.fs import FileSystem

from coinloom.clock import utc_now
from coinloom.errors import CoinloomError
from coinloom.settings import Settings, Target
from stores.database import DatabaseUnavailable, connect
from stores.lake_files import PARTITION, arrow_address, data_files, landed_hours

LOOK_AT_ALL_HOURS_SECONDS = 30
# The newest offset of each partition: a few steps in the index of the primary key, however much has landed.
NEWEST_OFFSETS = """
    with recursive places as (
        (select kafka_topic, kafka_partition from landing.crypto_prices order by 1, 2 limit 1)
        union all
        select next.kafka_topic, next.kafka_partition
        from places
        cross join lateral (
            select kafka_topic, kafka_partition
            from landing.crypto_prices as later
            where (later.kafka_topic, later.kafka_partition) > (places.kafka_topic, places.kafka_partition)
            order by 1, 2
            limit 1
        ) as next
    )

    select kafka_topic, kafka_partition, newest.kafka_offset
    from places
    cross join lateral (
        select kafka_offset
        from landing.crypto_prices as landed
        where landed.kafka_topic = places.kafka_topic and landed.kafka_partition = places.kafka_partition
        order by kafka_offset desc
        limit 1
    ) as newest
"""

Landed = tuple[object, ...]
"""What was seen of landing; two that are equal mean that nothing has landed between them."""


class LakeUnavailable(CoinloomError):
    """What has landed in the lake cannot be seen."""


class Landing(Protocol):
    """The landing table that the target reads."""

    def look(self) -> Landed:
        """Raises DatabaseUnavailable or LakeUnavailable when it cannot be seen now."""


def landing_of(settings: Settings) -> Landing:
    return LandingInPostgres(settings) if settings.dbt_target is Target.POSTGRES else LandingInTheLake(settings)


class LandingInTheLake:
    """The newest hour's folder: when it was changed, or where folders have no such time (S3), the files in it."""

    def __init__(self, settings: Settings, clock: Callable[[], float] = time.monotonic) -> None:
        self._lake, self._root = FileSystem.from_uri(arrow_address(f"{settings.lake}/landing/crypto_prices"))
        self._clock = clock
        self._newest = ""
        self._looked_at_all = float("-inf")

    def look(self) -> Landed:
        try:
            return self._look()
        except OSError as error:
            raise LakeUnavailable(f"LAKE_ROOT ({self._root}) could not be looked at: {error}") from error

    def _look(self) -> Landed:
        self._find_newest()
        folder = self._folder(self._newest)
        status = self._lake.get_file_info(folder)
        if status.mtime_ns is not None:
            return self._newest, status.mtime_ns
        return self._newest, *sorted(data_files(self._lake, folder))

    def _find_newest(self) -> None:
        """What its name says is the hour by the clock of the stream, so now and then all hours are looked at."""
        this_hour = f"{utc_now():%Y-%m-%dT%H}"
        if this_hour > self._newest and self._lake.get_file_info(self._folder(this_hour)).type.name == "Directory":
            self._newest = this_hour
        if self._clock() - self._looked_at_all >= LOOK_AT_ALL_HOURS_SECONDS:
            self._newest = max(landed_hours(self._lake, self._root), default="")
            self._looked_at_all = self._clock()

    def _folder(self, hour: str) -> str:
        return f"{self._root}/{PARTITION}={hour}"


class LandingInPostgres:
    """The newest offset of each partition, over a connection that is kept."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._connection: psycopg.Connection | None = None

    def look(self) -> Landed:
        try:
            if self._connection is None:
                self._connection = connect(self._settings)
                self._connection.autocommit = True
            return tuple(self._connection.execute(NEWEST_OFFSETS).fetchall())
        except psycopg.Error as error:
            self._forget_connection()
            raise DatabaseUnavailable(f"PostgreSQL could not say what has landed: {str(error).strip()}") from error

    def _forget_connection(self) -> None:
        if self._connection:
            self._connection.close()
        self._connection = None
