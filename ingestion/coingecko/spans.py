"""Which history is asked for: coins in quote currencies, over spans of time that one request can answer.

CoinGecko decides how fine its answer is: the last 24 hours up to now have a sample every 5 minutes, any other period of
up to 90 days one an hour, a longer one only one a day. So one request asks for 89 days at the most, and one of its own
for the last day.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

MILLISECOND = timedelta(milliseconds=1)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

# A little less than CoinGecko's own limits: a request waits for its turn, and clocks differ.
LONGEST_HOURLY_MS = timedelta(days=89) // MILLISECOND
RECENT_MS = timedelta(hours=23, minutes=50) // MILLISECOND

# Samples of the last hour may still be to come: hours end, and CoinGecko keeps answers for up to half an hour.
SETTLED_MS = timedelta(hours=1) // MILLISECOND
FINEST_STEP_MS = timedelta(minutes=5) // MILLISECOND
MAY_BE_EMPTY_MS = timedelta(hours=2) // MILLISECOND


@dataclass(frozen=True, slots=True)
class Series:
    """The prices of one coin in one quote currency."""

    coin_id: str
    vs_currency: str

    def __str__(self) -> str:
        return f"{self.coin_id} in {self.vs_currency}"


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """Some time in ms since 1970; the end does not belong to it."""

    start_ms: int
    until_ms: int

    def without(self, done: Iterable["Span"]) -> list["Span"]:
        """What is left of it, in order."""
        left, start = [], self.start_ms
        for span in sorted(done):
            if span.start_ms > start:
                left.append(Span(start, min(span.start_ms, self.until_ms)))
            start = max(start, span.until_ms)
        return [span for span in [*left, Span(start, self.until_ms)] if span.start_ms < span.until_ms]

    def pieces(self, now_ms: int) -> list["Span"]:
        """Itself in parts of one request each, in order, as fine as CoinGecko answers."""
        recent = max(self.start_ms, min(self.until_ms, now_ms - RECENT_MS))
        starts = [*range(self.start_ms, recent, LONGEST_HOURLY_MS), recent]
        ends = [*starts[1:], self.until_ms]
        return [Span(start, end) for start, end in zip(starts, ends, strict=True) if start < end]

    def is_recent(self, now_ms: int) -> bool:
        """Whether CoinGecko has a sample every 5 minutes for it."""
        return self.start_ms >= now_ms - RECENT_MS

    @property
    def may_be_empty(self) -> bool:
        """Whether it is so short that no sample need be in it."""
        return self.until_ms - self.start_ms < MAY_BE_EMPTY_MS

    def is_worth_asking(self, now_ms: int) -> bool:
        """Not right after a backfill that went up to now: the next sample is still to come."""
        return self.is_settled(now_ms) or self.until_ms - self.start_ms >= FINEST_STEP_MS

    def is_settled(self, now_ms: int) -> bool:
        """Whether it will have no more samples than it has now."""
        return self.until_ms <= now_ms - SETTLED_MS

    def settled(self, last_sample_ms: int, now_ms: int) -> "Span":
        """The part that is settled: all of it or, if it reaches into the present, up to its last sample."""
        return self if self.is_settled(now_ms) else Span(self.start_ms, last_sample_ms + 1)

    def __str__(self) -> str:
        return f"{moment_of(self.start_ms):%Y-%m-%dT%H:%MZ} to {moment_of(self.until_ms):%Y-%m-%dT%H:%MZ}"


def moment_of(time_ms: int) -> datetime:
    """The moment so many milliseconds after 1970, in UTC."""
    return EPOCH + time_ms * MILLISECOND


def milliseconds(moment: datetime) -> int:
    """Milliseconds since 1970 of an aware moment."""
    return (moment - EPOCH) // MILLISECOND
