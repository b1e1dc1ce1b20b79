"""One look at the pipeline: what its health is, and what only metrics need. What cannot be reached is left out."""

import logging
import time
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from coinloom.clock import Clock, utc_now
from coinloom.settings import Settings, Sink
from health.builds import last_passed_at
from health.report import Reading, Report, read_report, reading
from health.stages import mart_rows, newest_bar, waiting_since
from health.verdicts import Verdict, verdicts
from monitoring.counts import Counting, Counts

log = logging.getLogger("monitor")


@dataclass(frozen=True, slots=True)
class Look:
    """`waiting` is when the oldest message was produced that a sink does not have; None if it has all.

    `outbox` has the bytes that the poller's file takes, None if it is not on this machine.
    """

    at: datetime
    seconds: float
    report: Report
    verdicts: list[Verdict]
    waiting: dict[Sink, Reading[datetime | None]]
    newest_bar: Reading[datetime | None]
    last_passed: Reading[datetime | None]
    mart_rows: Reading[dict[str, int]]
    counts: Reading[Counts]
    outbox: int | None


class Looking:
    """Looks again and again; it remembers only how far it has counted."""

    def __init__(self, settings: Settings, now: Clock = utc_now) -> None:
        self._settings = settings
        self._now = now
        self._counting = Counting(settings)

    def look(self) -> Look:
        """Takes seconds where something is away."""
        settings, started = self._settings, time.monotonic()
        report, at = read_report(settings, with_arrivals=False), self._now()
        return Look(
            at=at,
            report=report,
            verdicts=verdicts(report, settings, at),
            waiting={sink: self._waiting(report, sink) for sink in settings.sinks},
            newest_bar=reading(lambda: newest_bar(settings)),
            last_passed=reading(lambda: last_passed_at(settings)),
            mart_rows=reading(lambda: mart_rows(settings)),
            counts=reading(self._counting.now),
            outbox=_bytes(settings.outbox_file),
            seconds=time.monotonic() - started,
        )

    def _waiting(self, report: Report, sink: Sink) -> Reading[datetime | None]:
        """A broker that is away is not waited for twice."""
        if report.messages.error:
            return Reading(error=report.messages.error)
        return reading(lambda: waiting_since(self._settings, sink))


def _bytes(database: Path) -> int | None:
    """With what SQLite has written beside it."""
    sizes = [file.stat().st_size for file in database.parent.glob(f"{database.name}*") if file.is_file()]
    return sum(sizes) if sizes else None
