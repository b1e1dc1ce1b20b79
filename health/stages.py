"""How far the prices have come: onto the topic, into landing, into the marts."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

import psycopg

from coinloom.settings import Settings, Sink
from stores.database import connect
from stores.landing import NewestHour, landed_offsets, newest_hour

FRESHNESS = "select mart, changed_at from marts.freshness order by mart"


@dataclass(frozen=True, slots=True)
class Landing:
    """`lag` is the number of messages on the topic that the sink does not have. `newest` is None before the first."""

    sink: Sink
    lag: int
    newest: NewestHour | None


@dataclass(frozen=True, slots=True)
class Landed:
    """What a sink says itself: by partition, the offset that its query reads next, and its newest hour."""

    sink: Sink
    offsets: Mapping[int, int]
    newest: NewestHour | None

    def behind(self, ends: Mapping[int, int]) -> Landing:
        """`ends` are those of the topic."""
        lag = sum(end - self.offsets.get(partition, 0) for partition, end in ends.items())
        return Landing(self.sink, lag, self.newest)


def landings(settings: Settings, ends: Mapping[int, int]) -> Iterator[Landing]:
    """One for each sink of the settings. Raises DatabaseUnavailable."""
    return (landed(settings, sink).behind(ends) for sink in settings.sinks)


def landed(settings: Settings, sink: Sink) -> Landed:
    """Raises DatabaseUnavailable."""
    return Landed(sink, landed_offsets(settings, sink), newest_hour(settings, sink))


def freshness(settings: Settings) -> dict[str, datetime]:
    """When a publish last changed each mart; empty before the first. Raises DatabaseUnavailable."""
    with connect(settings, connect_timeout_seconds=2) as connection:
        try:
            return dict(connection.execute(FRESHNESS).fetchall())
        except psycopg.errors.UndefinedTable:
            return {}
