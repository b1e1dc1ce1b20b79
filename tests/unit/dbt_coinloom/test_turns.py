"""Tests share a hold of the build lock, and it is free between two. The lock is a made-up one, the threads are real."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Event
from typing import Any

import psycopg
import pytest

from dbt_coinloom.turns import HELD_SECONDS, BuildLockLost, Turns
from serving.build_lock import FREE_SECONDS, BuildLockTaken

SOON = 10.0  # more than anything here takes
A_WHILE = 0.1  # what should not happen would have happened by then


class MadeUpLock:
    """It is the session that holds it, too. Notes when it is held and when it is free, and for how long."""

    def __init__(self) -> None:
        self.history: list[Any] = []
        self.now = 0.0
        self.is_taken = False
        self.is_lost = False

    def take(self) -> Any:
        if self.is_taken:
            raise BuildLockTaken("Another build is running.")
        self.is_lost = False
        self.history.append("held")
        return self

    def execute(self, _: str) -> None:
        if self.is_lost:
            raise psycopg.OperationalError("terminating connection\ndue to a test")

    def close(self) -> None:
        self.history.append("free")


class Running:
    """A test in a thread of its own, until it is told to end."""

    def __init__(self, threads: ThreadPoolExecutor, turns: Turns) -> None:
        self._turns = turns
        self._may_end = Event()
        self._began = Event()
        self._done: Future[None] = threads.submit(self._run)

    def _run(self) -> None:
        with self._turns.turn():
            self._began.set()
            assert self._may_end.wait(SOON)

    def has_begun(self, within: float = SOON) -> bool:
        return self._began.wait(within)

    def end(self) -> None:
        self._may_end.set()
        self._done.result(SOON)


@pytest.fixture
def lock() -> MadeUpLock:
    return MadeUpLock()


@pytest.fixture
def turns(lock: MadeUpLock) -> Turns:
    return Turns(lock.take, pause=lock.history.append, clock=lambda: lock.now)


@pytest.fixture
def begin(turns: Turns) -> Iterator[Callable[[], Running]]:
    with ThreadPoolExecutor() as threads:
        yield lambda: Running(threads, turns)


def test_two_tests_share_a_hold(lock: MadeUpLock, turns: Turns, begin: Callable[[], Running]) -> None:
    first, second = begin(), begin()
    assert first.has_begun()
    assert second.has_begun()
    first.end()
    second.end()
    assert lock.history == ["held"]
    turns.let_go()
    assert lock.history == ["held", "free"]


def test_one_after_the_other_they_share_it_too(lock: MadeUpLock, turns: Turns) -> None:
    for _ in range(3):
        with turns.turn():
            pass
        lock.now += HELD_SECONDS / 4
    assert lock.history == ["held"]


def test_an_old_hold_ends_with_the_tests_that_run(lock: MadeUpLock, begin: Callable[[], Running]) -> None:
    first, second = begin(), begin()
    assert first.has_begun()
    assert second.has_begun()
    lock.now += HELD_SECONDS
    later = begin()
    assert not later.has_begun(A_WHILE)
    first.end()
    assert not later.has_begun(A_WHILE)
    assert lock.history == ["held"]
    second.end()
    assert later.has_begun()
    assert lock.history == ["held", "free", FREE_SECONDS, "held"]
    beside = begin()
    assert beside.has_begun()
    later.end()
    beside.end()
    assert lock.history == ["held", "free", FREE_SECONDS, "held"]


def test_many_threads_never_run_beside_a_build(lock: MadeUpLock) -> None:
    turns = Turns(lock.take, held_seconds=0, pause=lock.history.append)

    def run() -> None:
        for _ in range(20):
            with turns.turn():
                assert lock.history[-1] == "held"

    with ThreadPoolExecutor(4) as threads:
        for done in [threads.submit(run) for _ in range(4)]:
            done.result(SOON)
    turns.let_go()
    assert lock.history.count("held") == lock.history.count("free") > 1


def test_a_test_that_fails_leaves_its_turn(lock: MadeUpLock, turns: Turns) -> None:
    with pytest.raises(ZeroDivisionError), turns.turn():
        raise ZeroDivisionError
    lock.now += HELD_SECONDS
    with turns.turn():
        assert lock.history == ["held", "free", FREE_SECONDS, "held"]


def test_each_test_tries_again_to_have_the_lock(lock: MadeUpLock, turns: Turns) -> None:
    lock.is_taken = True
    for _ in range(2):
        with pytest.raises(BuildLockTaken), turns.turn():
            pytest.fail("It runs without the lock.")
    lock.is_taken = False
    with turns.turn():
        assert lock.history == ["held"]


def test_no_result_counts_of_a_test_during_which_the_lock_was_lost(
    lock: MadeUpLock, turns: Turns, begin: Callable[[], Running]
) -> None:
    first, second = begin(), begin()
    assert first.has_begun()
    assert second.has_begun()
    lock.is_lost = True
    for test in (first, second):
        with pytest.raises(BuildLockLost, match=r"\(terminating connection due to a test\).*run this test again"):
            test.end()
    with turns.turn():
        assert lock.history == ["held", "free", FREE_SECONDS, "held"]


def test_a_command_that_is_interrupted_does_not_wait_for_a_thread_that_waits() -> None:
    waits, is_over = Event(), Event()

    def take() -> Any:
        waits.set()
        is_over.wait(SOON)
        raise BuildLockTaken("Another build is running.")

    turns = Turns(take)

    def run() -> None:
        with turns.turn():
            pytest.fail("It runs without the lock.")

    with ThreadPoolExecutor() as threads:
        done = threads.submit(run)
        assert waits.wait(SOON)
        threads.submit(turns.let_go).result(SOON / 2)
        is_over.set()
        with pytest.raises(BuildLockTaken):
            done.result(SOON)
