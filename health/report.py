"""All that is known of the pipeline at one moment. What cannot be reached is said in its place."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

import psycopg

from coinloom.errors import CoinloomError
from coinloom.settings import Settings, Sink
from health.disk import Disk, database_bytes, disk
from health.polls import AbsentCoin, Credits, Poll, absent_coins, credits_left, last_polls
from health.stages import Landing, freshness, landing
from ingestion.topic import topic_ends
from quarantine.contents import ReasonCount
from quarantine.sinks import count_by_reason

POLLS_SHOWN = 10

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class Reading(Generic[Value]):
    """A value, or why there is none."""

    value: Value | None = None
    error: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    """`messages` is how many the topic has ever had, `freshness` when each mart was last changed.

    `database` has PostgreSQL's bytes.
    """

    polls: Reading[list[Poll]]
    credits: Reading[Credits | None]
    absent: Reading[list[AbsentCoin]]
    messages: Reading[int]
    landings: dict[Sink, Reading[Landing]]
    quarantine: Reading[list[ReasonCount]]
    freshness: Reading[dict[str, datetime]]
    disk: Reading[Disk]
    database: Reading[int]


def read_report(settings: Settings) -> Report:
    """One look at everything; takes seconds where something is away."""
    ends = _reading(lambda: topic_ends(settings))
    return Report(
        polls=_reading(lambda: last_polls(settings, POLLS_SHOWN)),
        credits=_reading(lambda: credits_left(settings)),
        absent=_reading(lambda: absent_coins(settings)),
        messages=Reading(error=ends.error) if ends.value is None else Reading(sum(ends.value.values())),
        landings={sink: _landing(settings, sink, ends.value or {}) for sink in settings.sinks},
        quarantine=_reading(lambda: count_by_reason(settings)),
        freshness=_reading(lambda: freshness(settings)),
        disk=_reading(lambda: disk(settings)),
        database=_reading(lambda: database_bytes(settings)),
    )


def _landing(settings: Settings, sink: Sink, ends: dict[int, int]) -> Reading[Landing]:
    return _reading(lambda: landing(settings, sink, ends))


def _reading(read: Callable[[], Value]) -> Reading[Value]:
    try:
        return Reading(read())
    except (CoinloomError, psycopg.Error, OSError) as error:
        return Reading(error=str(error).strip())
