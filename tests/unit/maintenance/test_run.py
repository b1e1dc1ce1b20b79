"""What one step of `coinloom maintain` meets keeps no other from being done, and is said in words."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NoReturn

import psycopg
import pyarrow as pa
import pytest

from coinloom.errors import CoinloomError
from coinloom.settings import Settings
from ingestion.exceptions import BrokerUnavailable
from maintenance import retention, run
from maintenance.errors import MaintenanceFailed
from stack import postgres
from stack.with_postgres import temporary_postgres
from stores.database import DatabaseUnavailable

STEPS = {
    "quarantine_in_postgres": retention,
    "quarantine_in_lake": retention,
    "polls": retention,
    "coin_states": retention,
    "builds": retention,
    "leftovers": retention,
    "compact": run,
    "remove_landing": run,
    "topic": retention,
}


@pytest.fixture
def done(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Which steps were done, none of which does anything."""
    done: list[str] = []

    def step(name: str) -> Callable[..., list[str]]:
        return lambda *_, **__: done.append(name) or ["It did something."]  # type: ignore[func-returns-value]

    for name, module in STEPS.items():
        monkeypatch.setattr(module, name, step(name))
    return done


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(_env_file=None, coinloom_home=tmp_path)


def failing(error: Exception) -> Callable[..., NoReturn]:
    def fail(*_: object, **__: object) -> NoReturn:
        raise error

    return fail


def test_all_steps_are_done_the_broker_last(settings: Settings, done: list[str]) -> None:
    run.maintain(settings)
    assert done == list(STEPS)


@pytest.mark.parametrize(
    ("error", "raised"),
    [
        (DatabaseUnavailable("It is away."), DatabaseUnavailable),
        (psycopg.errors.InsufficientPrivilege("permission denied"), MaintenanceFailed),
        (PermissionError("not ours"), MaintenanceFailed),
        (pa.ArrowInvalid("too small"), MaintenanceFailed),
        (RuntimeError("nobody has thought of it"), RuntimeError),
    ],
)
@pytest.mark.parametrize("name", STEPS)
def test_a_step_that_fails_keeps_no_other_from_being_done(
    settings: Settings, done: list[str], monkeypatch: pytest.MonkeyPatch, *, name: str, error: Exception, raised: type
) -> None:
    monkeypatch.setattr(STEPS[name], name, failing(error))
    with pytest.raises(raised, match=str(error)):
        run.maintain(settings)
    assert done == [step for step in STEPS if step != name]


@pytest.mark.parametrize(
    ("error", "advice"),
    [
        (psycopg.errors.InsufficientPrivilege("denied"), "what POSTGRES_USER has to be allowed is in docs/roles.sql"),
        (psycopg.errors.DiskFull("No space left on device"), "The disk of PostgreSQL at 127.0.0.1:5432 is full"),
        (OSError("Read-only file system"), "The file system of LAKE_ROOT"),
        (pa.ArrowInvalid("too small"), "`coinloom maintain` goes on from there"),
    ],
)
def test_it_says_what_to_do(
    settings: Settings, done: list[str], monkeypatch: pytest.MonkeyPatch, error: Exception, advice: str
) -> None:
    monkeypatch.setattr(retention, "polls", failing(error))
    with pytest.raises(MaintenanceFailed, match=advice):
        run.maintain(settings)


def test_of_many_failures_the_first_is_raised_and_each_is_said_once(
    settings: Settings, done: list[str], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    away = DatabaseUnavailable("PostgreSQL is away.")
    for name in ("polls", "coin_states", "builds"):
        monkeypatch.setattr(retention, name, failing(away))
    monkeypatch.setattr(retention, "topic", failing(BrokerUnavailable("No broker answers.")))
    with pytest.raises(DatabaseUnavailable):
        run.maintain(settings)
    errors = [record.message for record in caplog.records if record.levelname == "ERROR"]
    assert errors == ["failed, too: No broker answers."]


def test_leftovers_go_although_the_database_is_away(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    left = Path(settings.lake, "_staging", "crypto_prices", "batch")
    left.mkdir(parents=True)
    os.utime(left, times=(0, 0))
    monkeypatch.setattr(retention, "apply_retention", lambda _: False)
    with pytest.raises(CoinloomError, match=r"PostgreSQL at 127\.0\.0\.1:1 did not let"):
        run.maintain(settings.model_copy(update={"postgres_port": 1}))
    assert not left.exists()


@pytest.fixture
def new_database(tmp_path: Path) -> Iterator[Settings]:
    """Into which nothing was migrated."""
    with temporary_postgres() as migrated:
        settings = migrated.model_copy(update={"postgres_db": "new", "coinloom_home": tmp_path})
        assert postgres.is_ready(settings)  # which creates it
        yield settings


def test_a_database_without_tables_has_nothing_to_remove(
    new_database: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "apply_retention", lambda _: False)
    keeping = {"quarantine_retention_days": 30.0, "polls_retention_days": 30.0, "builds_retention_days": 30.0}
    run.maintain(new_database.model_copy(update=keeping))
