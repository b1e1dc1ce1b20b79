"""Which changes of state are worth a message, and when: what lasts for a while, once, and once when it is over."""

import time
from collections.abc import Callable, Collection, Mapping, Sequence
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
    """A state that is not told yet, and since when the stage is in it, by a clock that nobody sets."""

    state: State
    since: float


class Watch:
    """`told` is the state of each stage that somebody was told of; one that is not named there counts as healthy."""

    def __init__(
        self, told: Mapping[str, State], after_seconds: float, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._told = dict(told)
        self._after = after_seconds
        self._monotonic = monotonic
        self._waiting: dict[str, _Waiting] = {}

    def changes(self, verdicts: Sequence[Verdict], now: datetime) -> list[Change]:
        """Those that have lasted for long enough. `verdicts` has all stages. What is returned counts as told."""
        at = self._monotonic()
        found = self._gone({verdict.stage for verdict in verdicts}, now)
        for verdict in verdicts:
            was = self._told.get(verdict.stage, State.HEALTHY)
            if verdict.state is was:
                self._waiting.pop(verdict.stage, None)
                continue
            waited = at - self._wait(verdict, was, at).since
            if waited >= self._after:
                since = now - timedelta(seconds=waited)
                found.append(Change(verdict.stage, was, verdict.state, verdict.reason, since, now))
                self._told[verdict.stage] = verdict.state
                del self._waiting[verdict.stage]
        return found

    def _gone(self, stages: Collection[str], now: datetime) -> list[Change]:
        """A sink that the settings have no more would stay broken where it was told."""
        gone = {stage: was for stage, was in self._told.items() if stage not in stages and was is not State.HEALTHY}
        self._told |= dict.fromkeys(gone, State.HEALTHY)
        reason = "Nobody looks at it any more: the settings do not name it."
        return [Change(stage, was, State.HEALTHY, reason, now, now) for stage, was in gone.items()]

    def _wait(self, verdict: Verdict, was: State, at: float) -> _Waiting:
        before = self._waiting.get(verdict.stage)
        # One that is worse than was told, or better, goes on being so, however it changes on its way.
        goes_on = before and (before.state > was) == (verdict.state > was)
        waiting = _Waiting(verdict.state, before.since if before and goes_on else at)
        self._waiting[verdict.stage] = waiting
        return waiting
