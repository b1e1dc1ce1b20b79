"""Whether each stage is healthy, stale or broken, and why.

A stage is judged by the age of what is newest in it, the marts by the one that is left behind, and what cannot be
reached or holds nothing is broken. Quarantine has no verdict: where so much is rejected that it matters, landing grows
old.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import IntEnum
from itertools import takewhile
from typing import TypeVar

from coinloom.clock import seconds_since
from coinloom.settings import Settings, Sink, Stage
from coinloom.wording import age
from health.disk import Disk
from health.polls import Poll
from health.report import Reading, Report
from health.stages import Landing

GIGABYTE = 1e9
# A publish changes them one after the other, so one that cannot be written is left behind by those before it, and on a
# new database is missing.
EVERY_PRICE_CHANGES = ("coin_overview", "crypto_table", "ohlc_1d", "ohlc_1h", "ohlc_5m")
NEVER = datetime.min.replace(tzinfo=UTC)
SENTENCES = re.compile(r"(?<=[.!?])\s+(?=[A-Z])")


class State(IntEnum):
    """The exit codes of `coinloom check`; the greater, the worse."""

    HEALTHY = 0
    STALE = 1
    BROKEN = 2


@dataclass(frozen=True, slots=True)
class Verdict:
    """`reason` is one sentence, also for what is healthy."""

    stage: str
    state: State
    reason: str


@dataclass(frozen=True, slots=True)
class Limits:
    """What is above the first is stale, what is above the second broken."""

    warning: float
    critical: float

    def state(self, value: float) -> State:
        if value > self.critical:
            return State.BROKEN
        return State.STALE if value > self.warning else State.HEALTHY

    def passed(self, value: float, written: Callable[[float], str]) -> str:
        """What is said of a value that is above one of them."""
        state = self.state(value)
        if state is State.HEALTHY:
            return ""
        return f", more than {written(self.critical if state is State.BROKEN else self.warning)}"


def verdicts(report: Report, settings: Settings, now: datetime) -> list[Verdict]:
    """One for each stage of the report, in the order in which a price passes them; the disk at the end."""
    found = {
        Stage.POLLS: [_of_reading(Stage.POLLS, report.polls, lambda polls: _polls(polls, settings, now))],
        Stage.TOPIC: [_of_reading(Stage.TOPIC, report.messages, _topic)],
        Stage.LANDING: list(_landings(report, settings, now)),
        Stage.MARTS: [_of_reading(Stage.MARTS, report.freshness, lambda marts: _marts(marts, settings, now))],
        Stage.DISK: [_of_reading(Stage.DISK, report.disk, lambda disk: _disk(disk, settings))],
    }
    return [verdict for stage in Stage if stage in report.stages for verdict in found[stage]]


def worst(verdicts: Sequence[Verdict]) -> Verdict:
    """Of equally bad ones that of the earliest stage, which may be the cause of the others."""
    return max(verdicts, key=lambda verdict: verdict.state)


def newest(report: Report) -> dict[str, datetime]:
    """By stage, the moment of what is newest in it; without the stages of which there is none."""
    moments: dict[str, datetime | None] = {
        Stage.POLLS: next((poll.polled_at for poll in report.polls.value or [] if poll.error is None), None)
    }
    for sink, reading in report.landings.items():
        moments[landing_in(sink)] = _newest_event(reading.value)
    if marts := report.freshness.value:
        _, moments[Stage.MARTS] = _left_behind(marts)
    return {stage: moment for stage, moment in moments.items() if moment}


def landing_in(sink: Sink) -> str:
    """The stage of a sink: landing_parquet or landing_postgres."""
    return f"{Stage.LANDING}_{sink}"


def age_limits(stage: Stage, settings: Settings) -> Limits:
    """Seconds, with the defaults applied."""
    own = {
        Stage.POLLS: (settings.polls_warning_after_seconds, settings.polls_critical_after_seconds),
        Stage.LANDING: (settings.landing_warning_after_seconds, settings.landing_critical_after_seconds),
        Stage.MARTS: (settings.marts_warning_after_seconds, settings.marts_critical_after_seconds),
    }
    warning, critical = own.get(stage, (None, None))
    return Limits(warning or settings.warning_after_seconds, critical or settings.critical_after_seconds)


Judged = tuple[State, str]
Value = TypeVar("Value")


def _of_reading(stage: str, reading: Reading[Value], judge: Callable[[Value], Judged]) -> Verdict:
    if reading.value is None:
        return Verdict(stage, State.BROKEN, f"It cannot be reached: {_first_sentence(reading.error)}.")
    return Verdict(stage, *judge(reading.value))


def _polls(polls: list[Poll], settings: Settings, now: datetime) -> Judged:
    if not polls:
        return State.BROKEN, "Nothing has been polled yet."
    failed = [poll.error for poll in takewhile(lambda poll: poll.error, polls)]
    if len(failed) == len(polls) or len(failed) >= settings.critical_after_failed_polls:
        return State.BROKEN, f"The {_have_failed(failed)}."
    good, waiting = polls[len(failed)], polls[0].messages_waiting
    details = [f"it has {good.coins_answered:,} of {good.coins_asked:,} coins"]
    if failed:
        details.append(f"the {_have_failed(failed)}")
    if waiting:
        details.append(f"{waiting:,} messages wait for Kafka")
    seconds = seconds_since(good.polled_at, now)
    return _by_age("The newest answer of CoinGecko", seconds, age_limits(Stage.POLLS, settings), *details)


def _have_failed(errors: Sequence[str | None]) -> str:
    """`errors` are those of the last polls, the newest first."""
    polls = "last poll" if len(errors) == 1 else f"last {len(errors)} polls"
    return f"{polls} failed: {_first_sentence(errors[0] or '')}"


def _topic(messages: int) -> Judged:
    if not messages:
        return State.BROKEN, "There is no message on the topic yet."
    return State.HEALTHY, f"The topic is there and has had {messages:,} messages so far."


def _landings(report: Report, settings: Settings, now: datetime) -> Iterator[Verdict]:
    for sink, reading in report.landings.items():

        def judge(landing: Landing) -> Judged:
            return _landing(landing, report.messages.value, settings, now)

        yield _of_reading(landing_in(sink), reading, judge)


def _landing(landing: Landing, messages: int | None, settings: Settings, now: datetime) -> Judged:
    """Without the topic nobody knows how far behind it is, and its age alone counts."""
    limits = Limits(settings.warning_after_messages, settings.critical_after_messages)
    behind = "how far it is behind the topic is not known"
    if messages is not None:
        too_far = limits.passed(landing.lag, "{:,.0f}".format)
        behind = f"it is {landing.lag:,} of {messages:,} messages behind{too_far}"
    moment = _newest_event(landing)
    if moment is None:
        return State.BROKEN, f"Nothing has landed yet; {behind}."
    seconds = seconds_since(moment, now)
    by_age, reason = _by_age("The newest price that has landed", seconds, age_limits(Stage.LANDING, settings), behind)
    return max(by_age, State.HEALTHY if messages is None else limits.state(landing.lag)), reason


def _newest_event(landing: Landing | None) -> datetime | None:
    return landing.newest.newest_event.replace(tzinfo=UTC) if landing and landing.newest else None


def _marts(marts: dict[str, datetime], settings: Settings, now: datetime) -> Judged:
    if not marts:
        return State.BROKEN, "Nothing has been published yet."
    mart, changed_at = _left_behind(marts)
    if changed_at is None:
        return State.BROKEN, f"marts.{mart} has never been published; `coinloom publish` says why."
    what = f"The newest change that was published to marts.{mart}"
    return _by_age(what, seconds_since(changed_at, now), age_limits(Stage.MARTS, settings))


def _left_behind(marts: dict[str, datetime]) -> tuple[str, datetime | None]:
    """Of those that every price changes the one whose last change is the oldest, and when that was; None if never."""
    mart = min(EVERY_PRICE_CHANGES, key=lambda mart: marts.get(mart, NEVER))
    return mart, marts.get(mart)


def _disk(disk: Disk, settings: Settings) -> Judged:
    free, total = disk.free / GIGABYTE, disk.total / GIGABYTE
    said = f"{free:,.1f} of {total:,.0f} GB are free"
    if free < settings.critical_below_free_gb:
        return State.BROKEN, f"{said}, less than {settings.critical_below_free_gb:g}."
    if free < settings.warning_below_free_gb:
        return State.STALE, f"{said}, less than {settings.warning_below_free_gb:g}."
    return State.HEALTHY, f"{said}."


def _by_age(what: str, seconds: float, limits: Limits, *details: str) -> Judged:
    said = f"{what} is {age(seconds)} old{limits.passed(seconds, age)}"
    return limits.state(seconds), "; ".join([said, *details]) + "."


def _first_sentence(error: str) -> str:
    return SENTENCES.split(error.partition("\n")[0])[0].rstrip(".")
