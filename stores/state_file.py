"""A small SQLite file, for what has to outlive a process and is shared by several."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

LOCK_SECONDS = 30


@contextmanager
def open_book(path: Path, schema: str, lock_seconds: float = LOCK_SECONDS) -> Iterator[sqlite3.Connection]:
    """One transaction, that of the only writer; the file is there afterwards. Raises sqlite3.Error and OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(path, timeout=lock_seconds, isolation_level=None)) as book:
        book.executescript(schema)
        book.execute("begin immediate")
        with book:
            yield book
