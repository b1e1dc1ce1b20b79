"""A small SQLite file, for what has to outlive a process and is shared by several."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from coinloom.errors import CoinloomError
from stores.private_files import make_private

LOCK_SECONDS = 30


@dataclass(frozen=True, slots=True)
class StateFile:
    """`what` is kept in it. When that fails, the message of the `error` ends with the `advice`."""

    path: Path
    schema: str
    what: str
    error: type[CoinloomError]
    advice: str
    lock_seconds: float = LOCK_SECONDS

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """That of the only writer; the file is there afterwards. Raises `error`."""
        try:
            make_private(self.path)
        except OSError as error:  # sqlite3 raises none: one that comes out of the block is not this file's
            raise self._cannot_be_kept(error) from error
        try:
            with closing(sqlite3.connect(self.path, timeout=self.lock_seconds, isolation_level=None)) as connection:
                connection.executescript(self.schema)
                connection.execute("begin immediate")
                with connection:
                    yield connection
        except sqlite3.Error as error:
            raise self._cannot_be_kept(error) from error

    def _cannot_be_kept(self, error: Exception) -> CoinloomError:
        return self.error(f"{self.what} cannot be kept in {self.path} ({error}); {self.advice}")
