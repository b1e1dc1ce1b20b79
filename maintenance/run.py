"""`coinloom maintain`: once, or again and again."""

import errno
import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from pathlib import Path

import psycopg
import pyarrow as pa
from pyarrow.fs import FileSystem

from coinloom.alone import alone
from coinloom.clock import utc_now
from coinloom.errors import CoinloomError
from coinloom.settings import Settings, Sink
from coinloom.storage import storage_advice
from maintenance import retention
from maintenance.committed_batches import CommittedBatches
from maintenance.compaction import Compacted, Table
from maintenance.errors import MaintenanceFailed
from maintenance.landing_retention import remove_landing
from maintenance.object_store import StoredTable
from serving.build_lock import build_lock
from stores.lake_files import arrow_address

log = logging.getLogger("maintain")

# By what most questions ask for; what was rejected in the order in which it came, as it is shown and sent again.
TABLES = {
    "landing/crypto_prices": ("coin_id", "vs_currency", "last_updated_at", "kafka_partition", "kafka_offset"),
    "quarantine/crypto_prices": ("landed_at", "kafka_partition", "kafka_offset"),
}
RETRY_SECONDS = 600.0
MIB = 2**20
HOURS_AT_ONCE = 24  # are prepared, then replaced while builds wait: a moment

Step = Callable[[Settings], Iterator[str]]
"""Says in words what it has done."""


def maintain(settings: Settings, before_hour: str = "", stop: threading.Event | None = None) -> None:
    """Remove what is older than the settings allow, then compact the lake if anything lands in it.

    Hours before `before_hour`, such as 2026-11-25T10, are compacted; by default, those that have ended. If a step
    fails, the others are done all the same, and what the first of them has met is raised.

    Raises:
        MaintenanceFailed: the lake or PostgreSQL did not do it: the file system cannot, a disk is full or read-only, a
            file is damaged.
        BrokerUnavailable, BrokerRefused: the topic's retention could not be set.
        DatabaseUnavailable, ThriftServerUnavailable, BuildLockTaken: a build could be running; what is done stays done.
    """
    # What is removed may be the room that compaction lacks.
    steps: tuple[Step, ...] = (
        retention.quarantine_in_postgres,
        retention.quarantine_in_lake,
        retention.polls,
        retention.coin_states,
        retention.builds,
        _leftovers,
        partial(_compact_all, before_hour=before_hour, stop=stop),
        partial(remove_landing, pause=stop.wait if stop else time.sleep),
        retention.topic,
    )
    failures: dict[str, Exception] = {}  # by their message: a server that is away is said once
    for step in steps:
        try:
            with _clear_errors(settings):
                for what in step(settings):
                    log.info("%s", what)
        except Exception as error:  # no step needs another, whatever that has met
            failures.setdefault(str(error), error)
    if failures:
        first, *others = failures.values()
        for failure in others:
            log.error("failed, too: %s", failure, exc_info=None if isinstance(failure, CoinloomError) else failure)
        raise first


def _leftovers(settings: Settings) -> Iterator[str]:
    """In an object store a rule of its bucket removes what a killed batch left aside (docs/cluster.md)."""
    if lake := _local_lake(settings):
        yield from retention.leftovers(lake)


def _compact_all(settings: Settings, *, before_hour: str, stop: threading.Event | None) -> Iterator[str]:
    if Sink.PARQUET in settings.sinks and not compact(settings, before_hour, stop):
        yield "no hour of the lake has to be compacted"


def compact(settings: Settings, before_hour: str = "", stop: threading.Event | None = None) -> list[Compacted]:
    """The hours of the lake that need it; also finishes what a call that was killed has begun.

    Raises:
        MaintenanceFailed, DatabaseUnavailable, BuildLockTaken: as `maintain`.
        OSError, ArrowException, psycopg.Error: what that makes a MaintenanceFailed of.
    """
    before_hour = before_hour or f"{utc_now():%Y-%m-%dT%H}"
    with _alone(settings):
        return [hour for table in _tables(settings) for hour in _compact(settings, table, before_hour, stop)]


def maintain_every(settings: Settings, seconds: float, before_hour: str, stop: threading.Event) -> None:
    """Until `stop` is set. What fails is logged, and tried again sooner."""
    while not stop.is_set():
        pause = seconds
        try:
            maintain(settings, before_hour, stop)
        except CoinloomError as error:
            pause = min(seconds, RETRY_SECONDS)
            log.error("maintenance failed, next try in %.0f s: %s", pause, error)
        except Exception:  # the loop must outlive whatever one of them meets
            pause = min(seconds, RETRY_SECONDS)
            log.exception("unexpected, next try in %.0f s", pause)
        stop.wait(pause)


def _tables(settings: Settings) -> list[Table] | list[StoredTable]:
    if lake := _local_lake(settings):
        return [Table(lake, name, order) for name, order in TABLES.items()]
    store, root = FileSystem.from_uri(arrow_address(settings.lake))
    return [StoredTable(store, root, name, order) for name, order in TABLES.items()]


def _compact(
    settings: Settings, table: Table | StoredTable, before_hour: str, stop: threading.Event | None
) -> list[Compacted]:
    table.mend()
    committed = CommittedBatches.of(*FileSystem.from_uri(arrow_address(f"{settings.lake}/_checkpoints/{Sink.PARQUET}")))
    due = list(table.due(committed, before_hour))
    done: list[Compacted] = []
    for first in range(0, len(due), HOURS_AT_ONCE):
        if stop and stop.is_set():
            break
        hours = due[first : first + HOURS_AT_ONCE]
        started = time.monotonic()
        prepared = [_prepared(table, hour, committed) for hour in hours]
        with build_lock(settings, "maintain"):
            for hour in hours:
                table.replace(hour)
        done += prepared
        log.info("%s: %s, in %.1f s", table.name, _described(hours, prepared), time.monotonic() - started)
        table.mend()
    return done


def _prepared(table: Table | StoredTable, hour: str, committed: CommittedBatches) -> Compacted:
    try:
        return table.prepare(hour, committed)
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        raise MaintenanceFailed(
            f"The disk is full: hour {hour} of {table.name} was left as it is. Compaction needs as much room as the "
            "largest day takes; make some and run `coinloom maintain` again."
        ) from error


def _described(hours: list[str], prepared: list[Compacted]) -> str:
    before, after = sum(one.files_before for one in prepared), sum(one.files_after for one in prepared)
    size_before, size_after = sum(one.bytes_before for one in prepared), sum(one.bytes_after for one in prepared)
    what = hours[0] if len(hours) == 1 else f"{len(hours)} hours, {hours[0]} to {hours[-1]}"
    return f"{what}, {before:,} files are {after:,}, {size_before / MIB:,.1f} MiB are {size_after / MIB:,.1f}"


def _local_lake(settings: Settings) -> Path | None:
    """None if it is in an object store."""
    address = arrow_address(settings.lake)
    return None if "://" in address else Path(address)


@contextmanager
def _clear_errors(settings: Settings) -> Iterator[None]:
    """What PostgreSQL or the lake did not do becomes a MaintenanceFailed, which says what to do."""
    try:
        yield
    except psycopg.Error as error:
        server = f"PostgreSQL at {settings.postgres_host}:{settings.postgres_port}"
        advice = "Its log says more; what POSTGRES_USER has to be allowed is in docs/roles.sql."
        raise _failed(server, error, server, advice) from error
    except (OSError, pa.ArrowException) as error:
        disk, advice = f"LAKE_ROOT ({settings.lake})", "Look into it."
        if not _local_lake(settings):
            disk = f"COINLOOM_HOME ({settings.coinloom_home})"
            advice = "Check LAKE_ROOT, AWS_ENDPOINT_URL, the keys or the role, and what they may."
        raise _failed(f"The lake {settings.lake}", error, disk, advice) from error


def _failed(who: str, error: Exception, disk: str, advice: str) -> MaintenanceFailed:
    """`advice` is for what does not come of the disk."""
    return MaintenanceFailed(
        f"{who} did not do what was asked: {str(error).strip()}. {storage_advice(str(error), disk) or advice} What is "
        "done stays done, the rest is as it was; `coinloom maintain` goes on from there."
    )


def _alone(settings: Settings) -> AbstractContextManager[None]:
    """One maintenance of a lake at a time, of one in an object store one from here."""
    folder = (_local_lake(settings) or settings.coinloom_home) / "_compaction"
    return alone(
        folder / ".lock", MaintenanceFailed(f"Another `coinloom maintain` works on {settings.lake}; let it end.")
    )
