"""Stopping as a normal path: a signal sets an event, and whoever waits notices."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from coinloom.errors import Stopped


@contextmanager
def stop_on_signals() -> Iterator[threading.Event]:
    """An event that SIGTERM and SIGINT set, for the main thread; their former handlers come back at the end."""
    stop = threading.Event()

    def request_stop(_signal: int, _frame: FrameType | None) -> None:
        # In another thread, because the interrupted one may hold the event's own lock.
        threading.Thread(target=stop.set).start()

    former = {number: signal.signal(number, request_stop) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield stop
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)


def sleep_until_stopped(stop: threading.Event) -> Callable[[float], None]:
    """A sleep that raises Stopped as soon as `stop` is set."""

    def sleep(seconds: float) -> None:
        if stop.wait(seconds):
            raise Stopped("asked to stop while waiting")

    return sleep
