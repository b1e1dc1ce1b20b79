"""What is removed when it is older than the settings allow: by default almost nothing is.

Each of these steps says in words what it has removed or changed. Those that ask PostgreSQL raise DatabaseUnavailable,
naming the settings to check, or psycopg.Error; those of the lake raise OSError.

The topic's retention is the broker's to carry out; here it is only set. Landing has a file of its own,
landing_retention.py, because builds have to know what is gone from it.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import psycopg
from pyarrow.fs import FileSystem, LocalFileSystem

from coinloom.clock import utc_now
from coinloom.settings import Settings, Sink
from ingestion.producer import apply_retention
from stores.database import connect
from stores.lake_files import arrow_address, landed_hours

LEFTOVERS_ARE_OLDER_THAN = timedelta(days=1)  # what is written aside is taken away within minutes
LEFTOVERS = {
    "_staging/crypto_prices/*": "batches that were never finished",
    "warehouse/*/*/.spark-staging-*": "folders of builds that were cut off",
}
QUARANTINE = "delete from quarantine.crypto_prices where landed_at < %s"
POLLS = "delete from ingestion.polls where polled_at < %s"
BUILDS = "delete from operations.builds where ended_at < %s"
# The newest state of a coin is what it is now, however long ago it began.
COIN_STATES = """
    delete from ingestion.coin_states as state
    where
        since < %s
        and exists (
            select from ingestion.coin_states as later
            where later.coin_id = state.coin_id and later.vs_currency = state.vs_currency and later.since > state.since
        )
"""


def quarantine_in_postgres(settings: Settings) -> Iterator[str]:
    if settings.quarantine_retention_days and Sink.POSTGRES in settings.sinks:
        before = _ago(settings.quarantine_retention_days).replace(tzinfo=None)
        yield from _deleted(settings, "messages in quarantine", QUARANTINE, before)


def quarantine_in_lake(settings: Settings) -> Iterator[str]:
    if settings.quarantine_retention_days and Sink.PARQUET in settings.sinks:
        before = f"{_ago(settings.quarantine_retention_days):%Y-%m-%dT%H}"
        store, root = FileSystem.from_uri(arrow_address(settings.lake))
        hours = landed_hours(store, f"{root}/quarantine/crypto_prices")
        too_old = [folder for hour, folder in hours.items() if hour < before]
        yield from _removed(store, too_old, "hours of the quarantine in the lake")


def polls(settings: Settings) -> Iterator[str]:
    if settings.polls_retention_days:
        yield from _deleted(settings, "reports of polls", POLLS, _ago(settings.polls_retention_days))


def coin_states(settings: Settings) -> Iterator[str]:
    if settings.polls_retention_days:
        yield from _deleted(settings, "states of coins", COIN_STATES, _ago(settings.polls_retention_days))


def builds(settings: Settings) -> Iterator[str]:
    if settings.builds_retention_days:
        yield from _deleted(settings, "records of builds", BUILDS, _ago(settings.builds_retention_days))


def leftovers(lake: Path) -> Iterator[str]:
    """What a killed process has written aside and nobody will come back to: by the stream, and by Spark for a build."""
    oldest = (utc_now() - LEFTOVERS_ARE_OLDER_THAN).timestamp()
    for pattern, what in LEFTOVERS.items():
        too_old = [str(folder) for folder in lake.glob(pattern) if _changed_at(folder) < oldest]
        yield from _removed(LocalFileSystem(), too_old, what)


def topic(settings: Settings) -> Iterator[str]:
    """Raises BrokerUnavailable or BrokerRefused."""
    if apply_retention(settings):
        yield f"the topic {settings.kafka_topic} keeps messages for {settings.kafka_retention_days:g} days from now on"


def _ago(days: float) -> datetime:
    return utc_now() - timedelta(days=days)


def _deleted(settings: Settings, what: str, statement: str, before: datetime) -> Iterator[str]:
    if rows := _delete(settings, statement, before):
        yield f"{rows:,} {what} from before {before:%Y-%m-%d %H:%M} are removed"


def _delete(settings: Settings, statement: str, before: datetime) -> int:
    """Returns how many rows. A table that no migration has made yet has none."""
    try:
        with connect(settings) as connection:
            return connection.execute(statement, [before]).rowcount
    except psycopg.errors.UndefinedTable:
        return 0


def _changed_at(folder: Path) -> float:
    """A folder that is gone meanwhile is of no age."""
    try:
        return folder.stat().st_mtime
    except FileNotFoundError:
        return float("inf")


def _removed(store: FileSystem, folders: list[str], what: str) -> Iterator[str]:
    for folder in folders:
        store.delete_dir(folder)
    if folders:
        yield f"{len(folders):,} {what} are removed"
