"""When the loop builds: what it sees is made up, the loop and its waiting are real."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from building.errors import BuildFailed
from building.landed import Landed
from building.loop import BuildLoop, Pace
from building.project_files import ProjectVersion
from coinloom.errors import Stopped

NO_PAUSE = Pace(shortest=0, longest=3600)


@dataclass
class Market:
    """Says of each look what has landed, and stops the loop after the last."""

    looks: list[int]
    stop: threading.Event
    seen: int = 0
    look_seconds: float = 0.001

    def look(self) -> Landed:
        self.seen = self.looks.pop(0)
        if not self.looks:
            self.stop.set()
        return (self.seen,)


@dataclass
class Builder:
    """Notes what had landed when a build began; fails as often as it is told to."""

    market: Market
    failures: list[Exception] = field(default_factory=list)
    built: list[int] = field(default_factory=list)

    def build(self, stop: threading.Event) -> str:  # noqa: ARG002 the form is the loop's
        self.built.append(self.market.seen)
        if self.failures:
            raise self.failures.pop(0)
        return "built"


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("building.loop.FIRST_RETRY_SECONDS", 0.001)


def built_at(
    looks: list[int],
    failures: list[Exception] | None = None,
    pace: Pace = NO_PAUSE,
    project: Callable[[], ProjectVersion] = frozenset,
) -> list[int]:
    stop = threading.Event()
    market = Market(looks, stop)
    builder = Builder(market, failures or [])
    BuildLoop(market, project, builder, pace, stop).run()
    return builder.built


def test_a_build_starts_when_something_has_landed_and_not_otherwise() -> None:
    assert built_at([1, 1, 1, 2, 2, 3]) == [1, 2, 3]


def test_a_build_that_failed_is_tried_again_without_anything_new() -> None:
    assert built_at([1, 1, 1], [BuildFailed("a test"), OSError("a surprise")]) == [1, 1, 1]


def test_a_build_starts_when_the_project_has_changed() -> None:
    versions = iter([frozenset(), frozenset(), frozenset([("model.sql", 1, 2)]), frozenset([("model.sql", 1, 2)])])
    assert built_at([1, 1, 1, 1], project=lambda: next(versions)) == [1, 1]


def test_after_the_longest_pause_a_build_starts_in_any_case() -> None:
    assert built_at([1, 1, 1], pace=Pace(shortest=0, longest=0)) == [1, 1, 1]


def test_a_build_that_was_asked_to_stop_is_no_failure(caplog: pytest.LogCaptureFixture) -> None:
    assert built_at([1, 2], [Stopped("asked to stop")]) == [1]
    assert caplog.records == []
