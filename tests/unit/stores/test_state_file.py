"""What goes wrong with a small file of ours is said to be of that file, and nothing else is."""

from pathlib import Path

import pytest

from coinloom.errors import CoinloomError
from stores.state_file import StateFile

SCHEMA = "create table if not exists kept (a primary key)"


class NotKept(CoinloomError):
    pass


def state_file(path: Path) -> StateFile:
    return StateFile(path, SCHEMA, "something", NotKept, "make room")


def keep_and_send(file: StateFile) -> None:
    with file.transaction() as connection:
        connection.execute("insert into kept values (1)")
        raise ConnectionResetError("the broker is gone")


def test_an_error_of_the_work_in_between_is_its_own(tmp_path: Path) -> None:
    file = state_file(tmp_path / "kept.sqlite")
    with pytest.raises(ConnectionResetError, match="the broker is gone"):
        keep_and_send(file)
    with file.transaction() as connection:
        assert connection.execute("select * from kept").fetchall() == []


def test_a_file_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    path = tmp_path / "file" / "kept.sqlite"
    said = f"something cannot be kept in {path} .*; make room"
    with pytest.raises(NotKept, match=said), state_file(path).transaction():
        pass


def test_a_statement_that_fails_is_of_the_file(tmp_path: Path) -> None:
    with pytest.raises(NotKept, match="UNIQUE"), state_file(tmp_path / "kept.sqlite").transaction() as connection:
        connection.execute("insert into kept values (1), (1)")
