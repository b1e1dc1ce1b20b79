"""How much room the pipeline takes, and how much is left."""

import shutil
from dataclasses import dataclass

from coinloom.settings import Settings
from stores.database import connect

DATABASE_SIZE = "select pg_database_size(current_database())"


@dataclass(frozen=True, slots=True)
class Disk:
    """Bytes: the file system of COINLOOM_HOME, and PostgreSQL's database wherever it is."""

    total: int
    free: int
    database: int


def disk(settings: Settings) -> Disk:
    """Raises DatabaseUnavailable."""
    usage = shutil.disk_usage(settings.coinloom_home)
    with connect(settings, connect_timeout_seconds=2) as connection:
        (database,) = connection.execute(DATABASE_SIZE).fetchone() or (0,)
    return Disk(usage.total, usage.free, database)
