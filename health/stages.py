"""How far the prices have come: onto the topic, into landing, into the marts."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from coinloom.settings import Settings, Sink
from health.tables import read_tuples
from ingestion import topic
from stores.landing import NewestRows, landed_offsets, newest_rows

NEWEST_BAR = "select max(bar_minute) from marts.coin_overview"
# As publish has PostgreSQL count them; -1 is never.
MART_ROWS = """
    select relname, reltuples::bigint
    from pg_class
    where relnamespace = to_regnamespace('marts') and relkind = 'r' and reltuples >= 0
    order by relname
"""
FRESHNESS = "select mart, changed_at from marts.freshness order by mart"


@dataclass(frozen=True, slots=True)
class Landing:
    """`lag` is the number of messages on the topic that the sink does not have. `newest` is None before the first."""

    sink: Sink
    lag: int
    newest: NewestRows | None


@dataclass(frozen=True, slots=True)
class Landed:
    """What a sink says itself: by partition, the offset that its query reads next, and its newest rows."""

    sink: Sink
    offsets: Mapping[int, int]
    newest: NewestRows | None

    def behind(self, ends: Mapping[int, int]) -> Landing:
        """`ends` are those of the topic."""
        # The stream may have come further since the ends were read; then it is not ahead, and makes up for no other.
        lag = sum(max(0, end - self.offsets.get(partition, 0)) for partition, end in ends.items())
        return Landing(self.sink, lag, self.newest)


def landed(settings: Settings, sink: Sink) -> Landed:
    """Raises DatabaseUnavailable, LandedFromElsewhere, and OSError of the lake."""
    return Landed(sink, landed_offsets(settings, sink), newest_rows(settings, sink))


def newest_bar(settings: Settings) -> datetime | None:
    """The newest minute that is published, in UTC; None before the first publish. Raises DatabaseUnavailable."""
    minute = next((minute for (minute,) in read_tuples(settings, NEWEST_BAR)), None)
    return minute.replace(tzinfo=UTC) if minute else None


def mart_rows(settings: Settings) -> dict[str, int]:
    """By mart, about how many rows it has. Raises DatabaseUnavailable."""
    return dict(read_tuples(settings, MART_ROWS))


def waiting_since(settings: Settings, sink: Sink) -> datetime | None:
    """When the oldest message that the sink does not have was produced; None if it has all.

    Raises BrokerUnavailable.
    """
    return topic.waiting_since(settings, landed_offsets(settings, sink))


def freshness(settings: Settings) -> dict[str, datetime]:
    """When a publish last changed each mart; empty before the first. Raises DatabaseUnavailable."""
    return dict(read_tuples(settings, FRESHNESS))
