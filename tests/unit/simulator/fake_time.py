"""A clock that the tests turn."""

from datetime import UTC, datetime

NOON = datetime(2026, 5, 18, 12, tzinfo=UTC).timestamp()


class FakeTime:
    """Seconds since 1970, moved by hand."""

    def __init__(self) -> None:
        self.seconds = NOON

    def __call__(self) -> float:
        return self.seconds
