"""What is removed when it is older than the settings allow: by default almost nothing is.

The topic's retention is the broker's to carry out; here it is only set. Landing has a file of its own,
landing_retention.py, because builds have to know what is gone from it.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

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


def apply(settings: Settings, lake: Path | None) -> Iterator[str]:
    """Says in words what was removed or changed. `lake` is None if it is on no file system of this machine.

    In an object store a rule of its bucket removes what a killed batch left aside (docs/cluster.md).

    Raises:
        BrokerUnavailable, BrokerRefused, DatabaseUnavailable: naming the settings to check.
    """
    if apply_retention(settings):
        yield f"the topic {settings.kafka_topic} keeps messages for {settings.kafka_retention_days:g} days from now on"
    if settings.quarantine_retention_days:
        yield from _quarantine(settings, utc_now() - timedelta(days=settings.quarantine_retention_days))
    if settings.polls_retention_days:
        before = utc_now() - timedelta(days=settings.polls_retention_days)
        yield from _deleted(settings, {"reports of polls": POLLS, "states of coins": COIN_STATES}, before)
    if settings.builds_retention_days:
        before = utc_now() - timedelta(days=settings.builds_retention_days)
        yield from _deleted(settings, {"records of builds": BUILDS}, before)
    if lake:
        yield from _leftovers(lake)


def _quarantine(settings: Settings, before: datetime) -> Iterator[str]:
    if Sink.POSTGRES in settings.sinks:
        yield from _deleted(settings, {"messages in quarantine": QUARANTINE}, before.replace(tzinfo=None))
    if Sink.PARQUET in settings.sinks:
        store, root = FileSystem.from_uri(arrow_address(settings.lake))
        hours = landed_hours(store, f"{root}/quarantine/crypto_prices")
        too_old = [folder for hour, folder in hours.items() if hour < f"{before:%Y-%m-%dT%H}"]
        yield from _removed(store, too_old, "hours of the quarantine in the lake")


def _deleted(settings: Settings, statements: dict[str, str], before: datetime) -> Iterator[str]:
    for what, statement in statements.items():
        with connect(settings) as connection:
            rows = connection.execute(statement, [before]).rowcount
        if rows:
            yield f"{rows:,} {what} from before {before:%Y-%m-%d %H:%M} are removed"


def _leftovers(lake: Path) -> Iterator[str]:
    """What a killed process has written aside and nobody will come back to: by the stream, and by Spark for a build."""
    oldest = (utc_now() - LEFTOVERS_ARE_OLDER_THAN).timestamp()
    for pattern, what in LEFTOVERS.items():
        too_old = [str(folder) for folder in lake.glob(pattern) if _changed_at(folder) < oldest]
        yield from _removed(LocalFileSystem(), too_old, what)


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
