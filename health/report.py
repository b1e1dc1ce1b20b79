"""All that is known of the pipeline at one moment. What cannot be reached is said in its place.

Everything is asked at once, each in a thread of its own, so what is away costs the time of one question, not of all.
"""

import logging
import threading
import time
from collections.abc import Callable, Collection
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from typing import Any, Generic, TypeVar

import psycopg

from coinloom.errors import CoinloomError
from coinloom.settings import Settings, Sink, Stage
from health.builds import Build, last_builds
from health.disk import Disk, database_bytes, disk
from health.polls import AbsentCoin, Credits, Poll, absent_coins, credits_left, last_polls
from health.stages import Landing, freshness, landed
from ingestion.topic import topic_ends
from quarantine.contents import ReasonCount
from quarantine.sinks import look_at_reasons
from stores.arrivals import Arrivals, arrivals

POLLS_SHOWN = 10
BUILDS_SHOWN = 5
EXPECTED = (CoinloomError, psycopg.Error, OSError)
"""What reading may raise where something is away."""

log = logging.getLogger(__name__)

Value = TypeVar("Value")
Changed = TypeVar("Changed")


@dataclass(frozen=True, slots=True)
class Reading(Generic[Value]):
    """A value, or why there is none."""

    value: Value | None = None
    error: str = ""

    def of(self, change: Callable[[Value], Changed]) -> "Reading[Changed]":
        """The same of what is made of the value."""
        return Reading(error=self.error) if self.value is None else Reading(change(self.value))


def reading(read: Callable[[], Value]) -> Reading[Value]:
    """What is read, or why it cannot be."""
    try:
        return Reading(read())
    except EXPECTED as error:
        return Reading(error=str(error).strip())
    except Exception as error:  # a file that is cut off, for one: the other stages have their say all the same
        log.exception("unexpected")
        return Reading(error=f"{type(error).__name__}: {error}".strip())


NOT_ASKED: Reading[Any] = Reading(error="nobody has asked")


@dataclass(frozen=True, slots=True)
class Report:
    """`messages` is how many the topic has ever had, `freshness` when each mart was last changed.

    `database` has PostgreSQL's bytes. `stages` are those that were looked at. `arrivals` are there if they were
    asked for.
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
    builds: Reading[list[Build]] = NOT_ASKED
    arrivals: dict[Sink, Reading[Arrivals]] = field(default_factory=dict)
    stages: Collection[Stage] = tuple(Stage)


def read_report(settings: Settings, *, with_arrivals: bool = True) -> Report:
    """One look at everything, or all but what came in the last minutes; takes seconds where something is away."""
    asked = _Asked(None)
    left, absent = asked.to(lambda: credits_left(settings)), asked.to(lambda: absent_coins(settings))
    rejected, size = asked.to(lambda: look_at_reasons(settings)), asked.to(lambda: database_bytes(settings))
    builds = asked.to(lambda: last_builds(settings, BUILDS_SHOWN))
    came = {sink: asked.to(partial(arrivals, settings, sink)) for sink in settings.sinks if with_arrivals}
    return replace(
        read_stages(settings),
        credits=left(),
        absent=absent(),
        quarantine=rejected(),
        database=size(),
        builds=builds(),
        arrivals={sink: reading() for sink, reading in came.items()},
    )


def read_stages(
    settings: Settings, stages: Collection[Stage] = tuple(Stage), patience_seconds: float | None = None
) -> Report:
    """Of these stages what verdicts need. What has not answered after `patience_seconds` has no value."""
    asked = _Asked(patience_seconds)
    polls = asked.to(lambda: last_polls(settings, POLLS_SHOWN), Stage.POLLS in stages)
    ends = asked.to(lambda: topic_ends(settings), Stage.TOPIC in stages or Stage.LANDING in stages)
    sinks = {sink: asked.to(partial(landed, settings, sink), Stage.LANDING in stages) for sink in settings.sinks}
    marts = asked.to(lambda: freshness(settings), Stage.MARTS in stages)
    room = asked.to(lambda: disk(settings), Stage.DISK in stages)
    return Report(
        polls=polls(),
        credits=NOT_ASKED,
        absent=NOT_ASKED,
        messages=ends().of(lambda ends: sum(ends.values())),
        landings={sink: reading().of(lambda it: it.behind(ends().value or {})) for sink, reading in sinks.items()},
        quarantine=NOT_ASKED,
        freshness=marts(),
        disk=room(),
        database=NOT_ASKED,
        stages=stages,
    )


class _Asked:
    """Questions that are under way, and until when their answers are waited for."""

    def __init__(self, patience_seconds: float | None) -> None:
        self._patience = patience_seconds
        self._started = time.monotonic()

    def to(self, read: Callable[[], Value], wanted: bool = True) -> Callable[[], Reading[Value]]:
        """Begin to read; what is returned waits for the answer."""
        if not wanted:
            return lambda: NOT_ASKED
        answer: Future[Reading[Value]] = Future()
        # A daemon: a process ends although a server holds on to one of its threads.
        threading.Thread(target=_answer, args=(read, answer), daemon=True).start()
        return lambda: self._wait(answer)

    def _wait(self, answer: Future[Reading[Value]]) -> Reading[Value]:
        left = None if self._patience is None else max(0, self._started + self._patience - time.monotonic())
        try:
            return answer.result(left)
        except TimeoutError:
            return Reading(error=f"no answer within {self._patience} s")


def _answer(read: Callable[[], Value], answer: "Future[Reading[Value]]") -> None:
    try:
        answer.set_result(reading(read))
    except BaseException as error:  # raised where the answer is waited for
        answer.set_exception(error)
