"""A made-up history of polls: what it consists of. Plain data, small enough to be printed and drawn by Hypothesis.

What it leaves open (prices, seconds, which rows a disturbance hits) follows from `seed`; see polls.py. Minutes and
hours count from START.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

START = datetime(2026, 3, 10)
LENGTH = timedelta(days=4)


@dataclass(frozen=True)
class Segment:
    """Minutes without update, then minutes of which the part `rate` has an update; above 1 some have two."""

    silence: int
    minutes: int
    rate: float


@dataclass(frozen=True)
class Series:
    """One coin in one currency. After its last update it is polled for so long with the same old `last_updated_at`."""

    coin: int
    vs_currency: str
    level: float
    step: float  # deviation of a log return
    first_minute: int
    segments: tuple[Segment, ...]
    dormant_hours: int


@dataclass(frozen=True)
class Disturbances:
    """How many rows each of them hits."""

    duplicates: int  # polled again with the same values
    revisions: int  # the same key with other values, fetched earlier, later or at once
    slow: int  # fetched up to 24 hours after the event time
    too_late: int  # fetched later than that
    stragglers: int  # landed up to three days after they were fetched


@dataclass(frozen=True)
class Backfill:
    """History of one series, loaded at some hour: a stretch of its own, and other values for known updates."""

    series: int
    fetched_hour: int
    stretch: Segment
    revisions: int


@dataclass(frozen=True)
class ClockJump:
    """One poll of a series with its clock ahead, or its event time as well."""

    series: int
    hour: int
    hours_ahead: int
    moves_event_time: bool


@dataclass(frozen=True)
class History:
    seed: int
    series: tuple[Series, ...]
    disturbances: Disturbances
    backfills: tuple[Backfill, ...]
    clock_jumps: tuple[ClockJump, ...]


def gap_before(series: Series, segment: int) -> Segment:
    """The minutes that a segment's silence leaves open, as a stretch to backfill."""
    before = sum(earlier.silence + earlier.minutes for earlier in series.segments[:segment])
    return Segment(series.first_minute + before, max(series.segments[segment].silence, 1), 0.5)
