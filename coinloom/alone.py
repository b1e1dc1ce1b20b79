"""Who works alone: one process at a time has a lock, which goes with its process, however that ends."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from coinloom.errors import CoinloomError


@contextmanager
def alone(lock: Path, otherwise: CoinloomError) -> Iterator[None]:
    """Have the lock meanwhile; its file stays. Raises `otherwise` if another process has it."""
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise otherwise from None
        yield
