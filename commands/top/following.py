"""Looking again and again in a thread of its own, so that who draws never waits for a server."""

import threading
from collections.abc import Callable
from datetime import datetime
from typing import Generic, TypeVar

from coinloom.clock import utc_now
from coinloom.errors import CoinloomError

Seen = TypeVar("Seen")


class Following(Generic[Seen]):
    """`latest` is what was seen last, if anything was, at `seen_at`; `error` says why the newest look saw nothing."""

    def __init__(self, look: Callable[[], Seen], every_seconds: float, stop: threading.Event) -> None:
        self.latest: Seen | None = None
        self.seen_at: datetime | None = None
        self.error: CoinloomError | None = None
        self._unexpected: Exception | None = None
        self._look, self._every_seconds, self._stop = look, every_seconds, stop
        # A daemon: the command ends although a server holds on to it.
        threading.Thread(target=self._follow, daemon=True).start()

    def check(self) -> None:
        """Raises what nobody expected, and what has ended the thread."""
        if self._unexpected:
            raise self._unexpected

    def _follow(self) -> None:
        try:
            while not self._stop.is_set():
                self._look_once()
                self._stop.wait(self._every_seconds)
        except Exception as error:
            self._unexpected = error

    def _look_once(self) -> None:
        try:
            self.latest, self.error = self._look(), None
            self.seen_at = utc_now()
        except CoinloomError as error:
            self.error = error
