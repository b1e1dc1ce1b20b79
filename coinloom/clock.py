"""The wall clock, and how a moment is written in a message."""

from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]


def utc_now() -> datetime:
    """The present moment, aware, in UTC."""
    return datetime.now(UTC)


def iso_milliseconds(moment: datetime) -> str:
    """ISO 8601 in UTC with three decimals and a Z: `2026-11-22T10:00:00.123Z`. A naive moment counts as UTC.

    Raises OverflowError for a moment that leaves the years 1 to 9999 on its way to UTC.
    """
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return aware.astimezone(UTC).isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"
