"""The form of every timestamp of the API."""

from datetime import UTC, datetime


def iso_utc(time_ms: int) -> str:
    """ISO 8601 with milliseconds and "Z", from ms since 1970."""
    seconds, milliseconds = divmod(time_ms, 1000)
    return f"{datetime.fromtimestamp(seconds, UTC).replace(tzinfo=None).isoformat()}.{milliseconds:03d}Z"
