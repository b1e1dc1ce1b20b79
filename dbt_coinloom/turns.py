"""Turns with the build lock: each test runs while this process holds it, so beside no build, and builds come between.

Threads share a hold. When it is HELD_SECONDS old, no further test begins in it, and once those that run have ended the
lock is free for FREE_SECONDS. So a build waits no longer than for that and for the longest test. maintenance/turns.py
has the like for one thread.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import psycopg

from coinloom.errors import CoinloomError
from serving.build_lock import FREE_SECONDS

HELD_SECONDS = 30.0  # and for as long as the tests take that run by then


class BuildLockLost(CoinloomError):
    """Somebody may have built while a test ran: its result says nothing."""


class Turns:
    """Turns of this command, whose threads share them; `take` takes the lock until the connection is closed."""

    def __init__(
        self,
        take: Callable[[], psycopg.Connection],
        *,
        held_seconds: float = HELD_SECONDS,
        pause: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._take = take
        self._held_seconds = held_seconds
        self._pause = pause
        self._clock = clock
        self._changed = threading.Condition()
        self._running = 0
        self._held: psycopg.Connection | None = None  # the same as long as a test runs
        self._until = 0.0

    @contextmanager
    def turn(self) -> Iterator[None]:
        """With the lock, for one test.

        Raises:
            DatabaseUnavailable, BuildLockTaken: before the test; the next one tries again.
            BuildLockLost: after it.
        """
        held = self._begin()
        try:
            yield
            self._require(held)
        finally:
            self._end()

    def let_go(self) -> None:
        """When no test runs. Waits for nobody, so that a command that is interrupted ends although a thread waits."""
        held, self._held = self._held, None
        if held is not None:
            held.close()

    def _begin(self) -> psycopg.Connection:
        with self._changed:
            self._changed.wait_for(lambda: not (self._running and self._is_over()))
            if self._is_over():
                self.let_go()
                self._pause(FREE_SECONDS)
            if self._held is None:
                self._held = self._take()
                self._until = self._clock() + self._held_seconds
            self._running += 1
            return self._held

    def _is_over(self) -> bool:
        return self._held is not None and self._clock() >= self._until

    def _require(self, held: psycopg.Connection) -> None:
        """The lock goes when its session ends, and a session that has ended answers no more."""
        try:
            held.execute("select")
        except psycopg.Error as error:
            with self._changed:
                self._until = self._clock()
            reason = " ".join(str(error).split())
            raise BuildLockLost(
                "The build lock was lost while this test ran, because PostgreSQL has ended the session that held it "
                f"({reason}). A build may have come between: run this test again."
            ) from None

    def _end(self) -> None:
        with self._changed:
            self._running -= 1
            self._changed.notify_all()
