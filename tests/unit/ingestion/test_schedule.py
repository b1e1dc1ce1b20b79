"""The cadence on a clock that only the test moves, and stopping in the middle of a wait."""

import itertools
import os
import signal
import threading
import time

import pytest

from coinloom.errors import Stopped
from coinloom.stopping import sleep_until_stopped, stop_on_signals
from ingestion.polling.schedule import ticks


class FakeTime:
    """Waiting takes as long as asked, plus the lateness that every real timer has."""

    def __init__(self, lateness: float = 0.0) -> None:
        self.seconds = 1000.0
        self.lateness = lateness

    def monotonic(self) -> float:
        return self.seconds

    def wait(self, seconds: float) -> bool:
        self.seconds += seconds + self.lateness
        return False


def test_ticks_do_not_drift_however_late_the_timer_and_long_the_work() -> None:
    clock = FakeTime(lateness=0.25)
    due = []
    for tick in itertools.islice(ticks(30, clock.monotonic, clock.wait), 100):
        due.append(clock.seconds - 1000 - 30 * tick)
        clock.seconds += 7.5
    assert len(due) == 100
    assert due == [0.0] + [0.25] * 99


def test_ticks_that_the_work_ran_over_are_skipped_and_logged(caplog: pytest.LogCaptureFixture) -> None:
    clock = FakeTime()
    work = iter([75.0, 1.0, 30.0, 30.5])
    seen = []
    for tick in itertools.islice(ticks(30, clock.monotonic, clock.wait), 5):
        seen.append((tick, clock.seconds - 1000))
        clock.seconds += next(work, 0.0)
    assert seen == [(0, 0.0), (3, 90.0), (4, 120.0), (5, 150.0), (7, 210.0)]
    assert [record.message[:15] for record in caplog.records] == ["skipped 2 ticks", "skipped 1 ticks"]


def test_a_stop_while_waiting_ends_the_ticks() -> None:
    clock = FakeTime()
    assert list(ticks(30, clock.monotonic, lambda _seconds: True)) == [0]


def test_a_sleep_ends_with_stopped_as_soon_as_the_event_is_set() -> None:
    stop = threading.Event()
    threading.Timer(0.05, stop.set).start()
    started = time.monotonic()
    with pytest.raises(Stopped):
        sleep_until_stopped(stop)(60)
    assert time.monotonic() - started < 10


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_sets_the_event_and_the_former_handler_comes_back(number: signal.Signals) -> None:
    former = signal.getsignal(number)
    with stop_on_signals() as stop:
        os.kill(os.getpid(), number)
        assert stop.wait(10)
    assert signal.getsignal(number) is former
