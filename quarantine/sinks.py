"""The quarantine of each sink that the settings name."""

from collections.abc import Iterable

from coinloom.settings import Settings, Sink
from quarantine.contents import Quarantine, ReasonCount
from quarantine.parquet_files import QuarantineFiles
from quarantine.postgres_table import QuarantineTable


def quarantine_of(settings: Settings, sink: Sink) -> Quarantine:
    return QuarantineFiles(settings.lake) if sink is Sink.PARQUET else QuarantineTable(settings)


def count_by_reason(settings: Settings, since_hour: str = "", sinks: Iterable[Sink] = ()) -> list[ReasonCount]:
    """One entry per sink and reason, for the sinks of the settings unless others are given.

    Raises:
        DatabaseUnavailable: naming the settings to check.
        QuarantineUnreadable: the files in the lake.
    """
    return [count for sink in sinks or settings.sinks for count in quarantine_of(settings, sink).count(since_hour)]
