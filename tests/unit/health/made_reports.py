"""A report in which all is well, to change one reading of."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from coinloom.settings import Sink
from health.disk import Disk
from health.polls import Poll
from health.report import Reading, Report
from health.stages import Landing
from health.verdicts import EVERY_PRICE_CHANGES
from stores.landing import NewestRows

NOW = datetime(2026, 11, 29, 12, 0, tzinfo=UTC)


def ago(seconds: float) -> datetime:
    return NOW - timedelta(seconds=seconds)


def poll(seconds_ago: float = 10, error: str | None = None, **changes: Any) -> Poll:
    answered = 0 if error else 250
    made = Poll(ago(seconds_ago), 0.4, answered, 250, answered, error, 0, 0, 0, 0)
    return replace(made, **changes)


def landing(seconds_ago: float = 10, lag: int = 0, sink: Sink = Sink.PARQUET) -> Landing:
    """In a sink, where the price of so long ago has landed three seconds ago; the times have no zone."""
    landed_at, event = ago(3).replace(tzinfo=None), ago(seconds_ago).replace(tzinfo=None)
    return Landing(sink, lag, NewestRows(landed_at, event))


def published(**changes: datetime) -> dict[str, datetime]:
    """When each mart was changed, with these changes; four seconds ago."""
    return dict.fromkeys(EVERY_PRICE_CHANGES, ago(4)) | changes


def report(**changes: Any) -> Report:
    """With one sink, the lake, and with the changes as readings."""
    healthy = Report(
        polls=Reading([poll()]),
        credits=Reading(None),
        absent=Reading([]),
        messages=Reading(600_000),
        landings={Sink.PARQUET: Reading(landing())},
        quarantine=Reading([]),
        freshness=Reading(published(crypto_table=ago(5), top_5_gainers=ago(5_000))),
        disk=Reading(Disk(total=100 * 10**9, free=50 * 10**9)),
        database=Reading(10**9),
    )
    return replace(healthy, **changes)
