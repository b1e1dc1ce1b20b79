"""The wall clock, and how a moment is read and written."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

Clock = Callable[[], datetime]


def utc_now() -> datetime:
    """The present moment, aware, in UTC."""
    return datetime.now(UTC)


def seconds_since(moment: datetime, now: datetime) -> float:
    return (now - moment) / timedelta(seconds=1)


def read_instant(text: str) -> datetime:
    """The moment that ISO 8601 names, in UTC; without a zone it counts as UTC, a date is its midnight.

    Raises ValueError, also for the basic format, which Python reads: in it a Unix time can pass for a date.
    """
    if text[4:5] != "-":
        raise ValueError(f"not a date with hyphens: {text[:40]!r}")
    moment = datetime.fromisoformat(text)
    try:
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except OverflowError:
        raise ValueError(f"not in the years 1 to 9999 in UTC: {text[:40]!r}") from None


def iso_milliseconds(moment: datetime) -> str:
    """ISO 8601 in UTC with three decimals and a Z: `2026-11-22T10:00:00.123Z`. A naive moment counts as UTC.

    Raises OverflowError for a moment that leaves the years 1 to 9999 on its way to UTC.
    """
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return aware.astimezone(UTC).isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"
