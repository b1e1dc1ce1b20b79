"""A monitor of its own for a test."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from coinloom.settings import Settings
from monitoring.server import monitor


@contextmanager
def running_monitor(settings: Settings) -> Iterator[None]:
    """In a thread of its own until the block ends."""
    stop = threading.Event()
    thread = threading.Thread(target=monitor, args=(settings, stop))
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
