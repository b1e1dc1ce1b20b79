"""Whether something has landed: a look that costs neither Spark nor a scan, so that it can be taken often.

In an object store each request costs money, so looks are rarer there, and each is one listing, as a rule.

New rows land in the newest `landed_hour` or a later one (see the sinks), and in PostgreSQL at higher offsets. Rows that
come in any other way are found by the build that runs when nothing has been built for long.
"""

import time
from collections.abc import Callable
from typing import Protocol

import psycopg
from pyarrow.fs import FileSelector, FileSystem, LocalFileSystem

from coinloom.clock import utc_now
from coinloom.errors import CoinloomError
from coinloom.settings import Settings, Target
from stores.database import DatabaseUnavailable, connect
from stores.lake_files import PARTITION, arrow_address, is_data, landed_hours
from stores.landed_rows import LandedRows

LOOK_SECONDS = 0.25
LOOK_AT_A_STORE_SECONDS = 1.0
LOOK_AT_ALL_HOURS_SECONDS = 30

Landed = tuple[object, ...]
"""What was seen of landing; two that are equal mean that nothing has landed between them."""


class LakeUnavailable(CoinloomError):
    """What has landed in the lake cannot be seen."""


class Landing(Protocol):
    """The landing table that the target reads."""

    @property
    def look_seconds(self) -> float:
        """From one look to the next."""

    def look(self) -> Landed:
        """Raises DatabaseUnavailable or LakeUnavailable when it cannot be seen now."""


def landing_of(settings: Settings) -> Landing:
    if settings.dbt_target is Target.POSTGRES:
        return LandingInPostgres(settings)
    return LandingInTheLake(*FileSystem.from_uri(arrow_address(f"{settings.lake}/landing/crypto_prices")))


class LandingInTheLake:
    """The newest hour's folder: when it was changed, or in an object store, whose folders have no time, its files."""

    def __init__(self, lake: FileSystem, root: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._lake, self._root = lake, root
        self._clock = clock
        self._newest = ""
        self._looked_at_all = float("-inf")
        self._is_local = isinstance(lake, LocalFileSystem)
        self.look_seconds = LOOK_SECONDS if self._is_local else LOOK_AT_A_STORE_SECONDS

    def look(self) -> Landed:
        try:
            return self._look()
        except OSError as error:
            raise LakeUnavailable(f"LAKE_ROOT ({self._root}) could not be looked at: {error}") from error

    def _look(self) -> Landed:
        self._find_newest()
        if self._is_local:
            return self._newest, self._lake.get_file_info(self._folder(self._newest)).mtime_ns
        return self._newest, *self._files(self._newest)

    def _find_newest(self) -> None:
        """What its name says is the hour by the clock of the stream, so now and then all hours are looked at."""
        this_hour = f"{utc_now():%Y-%m-%dT%H}"
        if this_hour > self._newest and self._files(this_hour):
            self._newest = this_hour
        if self._clock() - self._looked_at_all >= LOOK_AT_ALL_HOURS_SECONDS:
            self._newest = max(landed_hours(self._lake, self._root), default="")
            self._looked_at_all = self._clock()

    def _files(self, hour: str) -> list[str]:
        infos = self._lake.get_file_info(FileSelector(self._folder(hour), allow_not_found=True))
        return sorted(info.path for info in infos if is_data(info.path))

    def _folder(self, hour: str) -> str:
        return f"{self._root}/{PARTITION}={hour}"


class LandingInPostgres:
    """The newest offset of each partition, over a connection that is kept."""

    look_seconds = LOOK_SECONDS

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._connection: psycopg.Connection | None = None
        self._rows: LandedRows | None = None

    def look(self) -> Landed:
        try:
            if self._rows is None:
                self._connection = connect(self._settings)
                self._connection.autocommit = True
                self._rows = LandedRows(self._connection, "landing")
            return tuple(self._rows.newest_offsets())
        except psycopg.Error as error:
            self._forget_connection()
            raise DatabaseUnavailable(f"PostgreSQL could not say what has landed: {str(error).strip()}") from error

    def _forget_connection(self) -> None:
        if self._connection:
            self._connection.close()
        self._connection = self._rows = None
