"""The quarantine of each sink that the settings name."""

from collections import defaultdict
from collections.abc import Iterable

from coinloom.settings import Settings, Sink
from quarantine.contents import Quarantine, ReasonCount
from quarantine.ended_hours import EndedHours
from quarantine.parquet_files import QuarantineFiles
from quarantine.postgres_table import QuarantineTable
from stores.database import connect_to_look

_ended: dict[str, EndedHours] = defaultdict(EndedHours)
"""By the place of the quarantine."""


def quarantine_of(settings: Settings, sink: Sink) -> Quarantine:
    return QuarantineFiles(settings.lake) if sink is Sink.PARQUET else QuarantineTable(settings)


def count_by_reason(settings: Settings, since_hour: str = "", sinks: Iterable[Sink] = ()) -> list[ReasonCount]:
    """One entry per sink and reason, for the sinks of the settings unless others are given.

    Raises:
        DatabaseUnavailable: naming the settings to check.
        QuarantineUnreadable: the files in the lake.
    """
    return [count for sink in sinks or settings.sinks for count in quarantine_of(settings, sink).count(since_hour)]


def look_at_reasons(settings: Settings) -> list[ReasonCount]:
    """The same of all that there is, for who looks every few seconds.

    Each hour that has ended is counted once in the life of this process, so what a look costs does not grow with the
    history. It waits for PostgreSQL no longer than looks do.

    Raises:
        DatabaseUnavailable, psycopg.Error, QuarantineUnreadable.
    """
    found = []
    for sink in settings.sinks:
        if sink is Sink.PARQUET:
            place, quarantine = settings.lake, quarantine_of(settings, sink)
        else:
            place = f"{settings.postgres_host}:{settings.postgres_port}/{settings.postgres_db}"
            quarantine = QuarantineTable(settings, connect_to_look)
        found += _ended[place].count(quarantine)
    return found
