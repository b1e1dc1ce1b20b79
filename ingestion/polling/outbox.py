"""What was polled and Kafka has not confirmed, on disk: a poller that is killed loses none of it.

A SQLite file below COINLOOM_HOME that one poller at a time has open. Beside the messages it keeps, per partition of the
topic, an offset before which none of them can be: there a restart looks for those that Kafka had taken all the same.
"""

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ingestion.exceptions import OutboxUnusable
from ingestion.messages import Headers, Message
from stores.private_files import make_private

LOCK_SECONDS = 10  # a poller that was told to stop may need that long
SCHEMA = """
    create table if not exists messages (
        id integer primary key autoincrement, key blob not null, value blob not null, headers text not null
    );
    create table if not exists offsets (
        topic text, partition integer, next_offset integer not null, primary key (topic, partition)
    );
"""

Offsets = Mapping[int, int]
"""By partition, the next offset: all before it are taken."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A message with its place in the order in which messages are sent."""

    id: int
    message: Message


class Outbox:
    """Messages in the order in which they were polled. Everything raises OutboxUnusable."""

    def __init__(self, connection: sqlite3.Connection, path: Path) -> None:
        self.connection = connection
        self._path = path

    def keep(self, messages: Iterable[Message]) -> None:
        """All of them or none; when this returns they survive a crash."""
        rows = ((message.key, message.value, _to_text(message.headers)) for message in messages)
        with self.transaction():
            self.connection.executemany("insert into messages (key, value, headers) values (?, ?, ?)", rows)

    def after(self, message_id: int, limit: int) -> list[Kept]:
        """The next messages, at most so many."""
        query = "select id, key, value, headers from messages where id > ? order by id limit ?"
        with self.transaction():
            rows = self.connection.execute(query, (message_id, limit)).fetchall()
        return [Kept(number, Message(key, value, _from_text(headers))) for number, key, value, headers in rows]

    def confirm(self, until_id: int, topic: str, offsets: Offsets) -> None:
        """Forget the messages up to this one: Kafka has them, before these offsets."""
        with self.transaction():
            self.connection.execute("delete from messages where id <= ?", (until_id,))
            self._note(topic, offsets)

    def forget(self, ids: Sequence[int], topic: str, offsets: Offsets) -> None:
        """Forget these messages, which are on the topic; from these offsets on, none is there yet."""
        with self.transaction():
            self.connection.executemany("delete from messages where id = ?", ((number,) for number in ids))
            self._note(topic, offsets)

    def offsets(self, topic: str) -> dict[int, int]:
        """What was noted last for the topic."""
        with self.transaction():
            rows = self.connection.execute(
                "select partition, next_offset from offsets where topic = ?", (topic,)
            ).fetchall()
        return dict(rows)

    def __len__(self) -> int:
        with self.transaction():
            return int(self.connection.execute("select count(*) from messages").fetchone()[0])

    @contextmanager
    def transaction(self) -> Iterator[None]:
        try:
            with self.connection:
                self.connection.execute("begin")
                yield
        except sqlite3.Error as error:
            raise _unusable(self._path, error) from error

    def _note(self, topic: str, offsets: Offsets) -> None:
        rows = ((topic, partition, offset) for partition, offset in offsets.items())
        self.connection.executemany("insert or replace into offsets values (?, ?, ?)", rows)


@contextmanager
def open_outbox(path: Path) -> Iterator[Outbox]:
    """Open the file, alone. Raises OutboxUnusable, also when another poller has it open."""
    try:
        make_private(path)
        connection = sqlite3.connect(path, timeout=LOCK_SECONDS, isolation_level=None)
    except (sqlite3.Error, OSError) as error:
        raise _unusable(path, error) from error
    try:
        _prepare(connection, path)
        yield Outbox(connection, path)
    finally:
        connection.close()


def _prepare(connection: sqlite3.Connection, path: Path) -> None:
    try:
        connection.executescript(
            "pragma locking_mode = exclusive; pragma journal_mode = wal; pragma synchronous = full;"
        )
        connection.execute("begin exclusive")
        connection.execute("commit")
        connection.executescript(SCHEMA)
    except sqlite3.Error as error:
        raise _unusable(path, error) from error


def _unusable(path: Path, error: Exception) -> OutboxUnusable:
    if "locked" in str(error):
        return OutboxUnusable(f"another poller has {path} open; stop it, or give this one a COINLOOM_HOME of its own")
    what = f"what is polled cannot be kept in {path} ({error})"
    return OutboxUnusable(f"{what}; make room there and let us write, or move COINLOOM_HOME")


def _to_text(headers: Headers) -> str:
    return json.dumps([[name, value.decode()] for name, value in headers])


def _from_text(text: str) -> Headers:
    return [(name, value.encode()) for name, value in json.loads(text)]
