"""Which changes of state are worth a message, and when: what lasts for a while, once, and once when it is over."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from health.verdicts import State, Verdict


@dataclass(frozen=True, slots=True)
class Change:
    """A stage that is in a new state since `since`; `reason` is why, as of `noticed_at`."""

    stage: str
    was: State
    state: State
    reason: str
    since: datetime
    noticed_at: datetime


@dataclass(frozen=True, slots=True)
class _Waiting:
    """A state that is not told yet, and since when the stage is in it."""

    state: State
    since: datetime


class Watch:
    """`told` is the state of each stage that somebody was told of; one that is not named there counts as healthy."""

    def __init__(self, told: Mapping[str, State], after_seconds: float) -> None:
        self._told = dict(told)
        self._after = timedelta(seconds=after_seconds)
        self._waiting: dict[str, _Waiting] = {}

    def changes(self, verdicts: Sequence[Verdict], now: datetime) -> list[Change]:
        """Those that have lasted for long enough by now. What is returned counts as told."""
        found = []
        for verdict in verdicts:
            was = self._told.get(verdict.stage, State.HEALTHY)
            if verdict.state is was:
                self._waiting.pop(verdict.stage, None)
                continue
            waiting = self._wait(verdict, was, now)
            if now - waiting.since >= self._after:
                found.append(Change(verdict.stage, was, verdict.state, verdict.reason, waiting.since, now))
                self._told[verdict.stage] = verdict.state
                del self._waiting[verdict.stage]
        return found

    def _wait(self, verdict: Verdict, was: State, now: datetime) -> _Waiting:
        before = self._waiting.get(verdict.stage)
        # One that is worse than was told, or better, goes on being so, however it changes on its way.
        goes_on = before and (before.state > was) == (verdict.state > was)
        waiting = _Waiting(verdict.state, before.since if before and goes_on else now)
        self._waiting[verdict.stage] = waiting
        return waiting
