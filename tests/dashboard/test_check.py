"""`coinloom check`: exit codes 0, 1 and 2, and a line that says why, beside a PostgreSQL and no Kafka."""

import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from coinloom.settings import Settings
from health.verdicts import EVERY_PRICE_CHANGES
from stores.database import connect
from tests.commands import run_command
from tests.dashboard.own_postgres import OwnPostgres

HOSTILE_ERROR = "HTTP 500 \x1b[2J\x07[red]gone[/red]"
POLL = """
    insert into ingestion.polls (poll_id, polled_at, seconds, coins_asked, coins_answered, messages, error,
        coins_unknown, coins_retired, coins_unpriced, messages_waiting)
    values (gen_random_uuid(), %s, 0.4, 250, 250, 250, %s, 0, 0, 0, 0)
"""
PUBLISHED = "insert into publishing.changed_marts (mart, changed_at) select mart, %s from unnest(%s::text[]) as mart"


@pytest.fixture(scope="module")
def database(own_postgres: OwnPostgres) -> Settings:
    """Of its own, without marts."""
    return own_postgres.migrated("checked")


@pytest.fixture
def checked(database: Settings) -> Iterator[Settings]:
    """Nothing polled, nothing published."""
    yield database
    with connect(database) as connection:
        connection.execute("delete from ingestion.polls")
        connection.execute("delete from publishing.changed_marts")


def publish_and_poll(settings: Settings, seconds_ago: float, *errors: str) -> None:
    """An answered poll and a publish, and after it polls that failed."""
    then = datetime.now(UTC) - timedelta(seconds=seconds_ago)
    with connect(settings) as connection:
        connection.execute(POLL, [then, None])
        for error in errors:
            connection.execute(POLL, [datetime.now(UTC), error])
        connection.execute(PUBLISHED, [then, list(EVERY_PRICE_CHANGES)])


def check(settings: Settings, *options: str, expect: int) -> str:
    return run_command(settings, "coinloom", "check", *options, expect=expect)


POLLS_AND_MARTS = ("--stage", "polls", "--stage", "marts")


def test_what_is_new_is_healthy(checked: Settings) -> None:
    publish_and_poll(checked, 10)
    assert check(checked, *POLLS_AND_MARTS, expect=0) == "healthy: polls, marts\n"


def test_what_is_old_is_stale_and_the_line_says_so(checked: Settings) -> None:
    publish_and_poll(checked, 150)
    said = check(checked, *POLLS_AND_MARTS, expect=1)
    assert said.startswith("polls is stale: The newest answer of CoinGecko is 2 min ")
    assert " marts is stale: The newest change that was published to marts." in said
    assert said.count("\n") == 1


def test_the_worst_comes_first(checked: Settings) -> None:
    publish_and_poll(checked, 150, *["HTTP 429"] * 3)
    said = check(checked, *POLLS_AND_MARTS, expect=2)
    assert said.startswith("polls is broken: The last 3 polls failed: HTTP 429. marts is stale: ")
    patient = checked.model_copy(update={"critical_after_failed_polls": 4, "warning_after_seconds": 200})
    assert check(patient, *POLLS_AND_MARTS, expect=0).startswith("healthy")


def test_a_topic_that_is_away_is_a_case_of_its_own(checked: Settings) -> None:
    publish_and_poll(checked, 10)
    verdicts = json.loads(check(checked, "--json", expect=2).splitlines()[-1])  # after what kafka-python logs
    states = {verdict["stage"]: verdict["state"] for verdict in verdicts["stages"]}
    assert states == {
        "polls": "healthy",
        "topic": "broken",
        **{f"landing_{sink}": "broken" for sink in checked.sinks},  # nothing has landed
        "marts": "healthy",
        "disk": "healthy",
    }
    assert verdicts["state"] == "broken"
    reasons = {verdict["stage"]: verdict["reason"] for verdict in verdicts["stages"]}
    assert "KAFKA_BOOTSTRAP_SERVERS" in reasons["topic"]


def test_what_comes_from_outside_does_not_steer_the_terminal(checked: Settings) -> None:
    publish_and_poll(checked, 10, *[HOSTILE_ERROR] * 3)
    said = check(checked, "--stage", "polls", expect=2)
    assert "[red]gone[/red]" in said
    assert said.rstrip("\n").isprintable()


def test_a_database_that_is_away_is_said_once_and_soon(checked: Settings) -> None:
    away = checked.model_copy(update={"postgres_port": 1})
    started = time.monotonic()
    said = check(away, *POLLS_AND_MARTS, expect=2)
    assert time.monotonic() - started < 10
    assert said.startswith("polls, marts are broken: It cannot be reached: PostgreSQL at 127.0.0.1:1 did not let")
    assert said.count("\n") == 1
    assert check(away, "--stage", "disk", expect=0) == "healthy: disk\n"


def test_what_cannot_be_known_is_not_stale(checked: Settings) -> None:
    wrong: Any = checked.model_copy(update={"warning_after_seconds": -1})
    assert "WARNING_AFTER_SECONDS" in check(wrong, expect=2)
