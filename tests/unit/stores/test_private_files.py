"""What is kept on disk is readable by its owner only, whatever the umask is."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from coinloom.errors import CoinloomError
from ingestion.polling.outbox import open_outbox
from stores.state_file import StateFile


@pytest.fixture(autouse=True)
def everybody_may_read() -> Iterator[None]:
    before = os.umask(0)
    yield
    os.umask(before)


def rights(folder: Path) -> dict[str, str]:
    return {path.name: oct(path.stat().st_mode & 0o777) for path in folder.iterdir()}


def keep_something(path: Path) -> None:
    schema = "create table if not exists kept (a)"
    with StateFile(path, schema, "something", CoinloomError, "make room").transaction() as connection:
        connection.execute("insert into kept values (1)")


def test_small_files_of_ours(tmp_path: Path) -> None:
    keep_something(tmp_path / "new.sqlite")
    assert rights(tmp_path) == {"new.sqlite": "0o600"}


def test_one_of_an_earlier_release_is_taken_back(tmp_path: Path) -> None:
    path = tmp_path / "old.sqlite"
    keep_something(path)
    path.chmod(0o644)
    keep_something(path)
    assert rights(tmp_path) == {"old.sqlite": "0o600"}


def test_what_waits_for_kafka_and_the_log_beside_it(tmp_path: Path) -> None:
    with open_outbox(tmp_path / "poller.sqlite") as outbox:
        outbox.keep([])
        found = rights(tmp_path)
    assert "poller.sqlite-wal" in found
    assert set(found.values()) == {"0o600"}
