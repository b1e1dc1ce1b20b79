"""How much room there is on the disk, and how much of it PostgreSQL takes."""

import shutil
from dataclasses import dataclass

from coinloom.settings import Settings
from stores.database import connect_to_look

DATABASE_SIZE = "select pg_database_size(current_database())"


@dataclass(frozen=True, slots=True)
class Disk:
    """Bytes of the file system of COINLOOM_HOME."""

    total: int
    free: int


def disk(settings: Settings) -> Disk:
    """Raises OSError."""
    usage = shutil.disk_usage(settings.coinloom_home)
    return Disk(usage.total, usage.free)


def database_bytes(settings: Settings) -> int:
    """Of PostgreSQL's database, wherever it is. Raises DatabaseUnavailable."""
    with connect_to_look(settings) as connection:
        (size,) = connection.execute(DATABASE_SIZE).fetchone() or (0,)
    return int(size)
