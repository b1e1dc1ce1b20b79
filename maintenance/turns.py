"""Hours are removed one by one, with the build lock, which is let go every few seconds: so builds hardly wait."""

import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager

import psycopg

from coinloom.settings import Settings
from serving.build_lock import FREE_SECONDS, build_lock

HELD_SECONDS = 5.0  # or for as long as one hour takes

Pause = Callable[[float], bool | None]
"""Waits for so many seconds; true if nothing more is to be done."""


class Turns:
    """Turns of this command with the build lock; in between it is free."""

    def __init__(self, settings: Settings, pause: Pause, held_seconds: float) -> None:
        self._settings = settings
        self._pause = pause
        self._held_seconds = held_seconds

    def lock(self) -> AbstractContextManager[psycopg.Connection]:
        return build_lock(self._settings, "maintain")

    def remove(self, hours: Sequence[str], remove_one: Callable[[psycopg.Connection, str], int]) -> int:
        """Calls `remove_one` for each hour, in order; what it does is done, whatever happens later. Returns the sum."""
        removed, left = 0, list(reversed(hours))
        while left:
            with self.lock() as connection:
                until = time.monotonic() + self._held_seconds
                removed += remove_one(connection, left.pop())
                while left and time.monotonic() < until:
                    removed += remove_one(connection, left.pop())
            if left and self._pause(FREE_SECONDS):
                break
        return removed
