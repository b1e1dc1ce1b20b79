"""`coinloom maintain`, as it is typed, over a lake, a PostgreSQL and a topic of its own."""

import fcntl
import os
import subprocess
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import duckdb
import polars as pl
import pytest
from kafka import KafkaAdminClient
from kafka.admin import ConfigResource, ConfigResourceType

from checks.landing import Offsets, land, landing_rows, rejected_rows
from coinloom.processes import environment, executable
from coinloom.settings import Settings, Target
from serving.build_lock import build_lock
from stores.database import connect
from tests.commands import run_command
from tests.stacks import elsewhere

LONG_AGO = datetime(2026, 3, 1, 10)
HOURS, FILES_AN_HOUR = 2, 3
POLL = """
    insert into ingestion.polls values (%s, %s, 1, 1, 1, 1, null, 0, 0, 0, 0)
"""
BUILD = """
    insert into operations.builds (began_at, ended_at, command, target, outcome, models_passed, models_failed,
        models_skipped, models_warned, tests_passed, tests_failed, tests_skipped, tests_warned, seconds_in_models,
        seconds_in_tests, slowest_nodes)
    values (%(at)s, %(at)s, 'build', 'spark', 'passed', 1, 0, 0, 0, 1, 0, 0, 0, 1, 1, '[]')
"""
COIN_STATE = "insert into ingestion.coin_states values (%s, 'usd', %s, %s)"


@pytest.fixture
def own(stack: Settings, tmp_path: Path) -> Settings:
    """Two hours of long ago, of three files each, and a rejected message in both of them."""
    settings = elsewhere(stack, f"maintained_{uuid4().hex[:8]}", tmp_path, build_lock_wait_seconds=0.0)
    offsets, rejected = Offsets(), Offsets(partition=1)
    for hour in range(HOURS):
        at = LONG_AGO + timedelta(hours=hour)
        for file in range(FILES_AN_HOUR):
            times = [at + timedelta(minutes=minute) for minute in range(file, 60, FILES_AN_HOUR)]
            rows = pl.DataFrame({"coin_id": "bitcoin", "vs_currency": "usd", "last_updated_at": times, "price": 1.5})
            land(landing_rows(rows, offsets), settings, at)
            land(rejected_rows(rejected, at.replace(tzinfo=UTC)), settings, at, "quarantine")
    return settings


def files(settings: Settings, table: str) -> Counter[str]:
    """By hour, how many a reader sees."""
    folder = Path(settings.lake, table, "crypto_prices")
    return Counter(file.parent.name for file in folder.glob("*/*") if not file.name.startswith((".", "_")))


def rows(settings: Settings, table: str) -> list[tuple[object, ...]]:
    """All of them, as DuckDB reads the folder."""
    found = duckdb.sql(
        f"from '{settings.lake}/{table}/crypto_prices/*/*.parquet' order by kafka_partition, kafka_offset"
    )
    return found.fetchall()


def counted(settings: Settings, table: str) -> int:
    with connect(settings) as connection:
        [(count,)] = connection.execute(f"select count(*) from {table}").fetchall()  # type: ignore[arg-type]  # noqa: S608
    return int(count)


def test_closed_hours_become_few_files_with_the_same_rows(own: Settings) -> None:
    before = {table: rows(own, table) for table in ("landing", "quarantine")}
    printed = run_command(own, "coinloom", "maintain")
    assert "landing/crypto_prices: 2 hours, 2026-03-01T10 to 2026-03-01T11, 6 files are 2" in printed
    for table, same in before.items():
        assert files(own, table) == {"landed_hour=2026-03-01T10": 1, "landed_hour=2026-03-01T11": 1}
        assert rows(own, table) == same
    assert "no hour of the lake has to be compacted" in run_command(own, "coinloom", "maintain")


def test_only_hours_before_the_one_that_is_named(own: Settings) -> None:
    run_command(own, "coinloom", "maintain", "--before", "2026-03-01T11")
    assert files(own, "landing") == {"landed_hour=2026-03-01T10": 1, "landed_hour=2026-03-01T11": 3}


def test_it_waits_for_a_build_and_changes_nothing_until_then(own: Settings) -> None:
    with build_lock(own, "a long build"):
        printed = run_command(own, "coinloom", "maintain", expect=1)
        assert "Another build is running: a long build" in printed
        assert files(own, "landing") == {"landed_hour=2026-03-01T10": 3, "landed_hour=2026-03-01T11": 3}
    run_command(own, "coinloom", "maintain")
    assert set(files(own, "landing").values()) == {1}


def test_a_step_that_fails_stops_no_other(own: Settings) -> None:
    """No broker has the topic, and an hour is damaged; what is too old goes all the same."""
    damaged = next(Path(own.lake, "landing", "crypto_prices").glob("*/*.parquet"))
    damaged.write_bytes(b"PAR1")
    away = {"kafka_bootstrap_servers": "127.0.0.1:1", "spark_thrift_port": 1, "dbt_target": Target.POSTGRES}
    keeping = {"landing_retention_days": 30.0}
    printed = run_command(own.model_copy(update=away | keeping), "coinloom", "maintain", expect=1)
    assert "127.0.0.1:1" in printed
    assert damaged.name in printed
    assert "landing in postgres is kept, whatever its age" in printed
    assert "landing in parquet is kept, whatever its age" in printed


def test_again_and_again_until_it_is_stopped(own: Settings) -> None:
    command = [executable("coinloom"), "maintain", "--every", "1"]
    with subprocess.Popen(command, env=environment(own), stderr=subprocess.PIPE, text=True) as process:
        deadline = time.monotonic() + 60
        while set(files(own, "landing").values()) != {1} and time.monotonic() < deadline:
            time.sleep(0.1)
        process.terminate()
        _, logged = process.communicate(timeout=30)
    assert process.returncode == 0, logged
    assert "6 files are 2" in logged


def test_the_topic_gets_the_retention_of_the_settings(own: Settings) -> None:
    assert config(own, "retention.ms") == 7 * 86_400_000
    assert config(own, "segment.ms") == 86_400_000
    printed = run_command(own.model_copy(update={"kafka_retention_days": 1.5}), "coinloom", "maintain")
    assert "keeps messages for 1.5 days from now on" in printed
    assert config(own, "retention.ms") == 129_600_000
    assert "from now on" not in run_command(
        own.model_copy(update={"kafka_retention_days": 1.5}), "coinloom", "maintain"
    )


def config(settings: Settings, name: str) -> int:
    """What the broker has for the topic."""
    with KafkaAdminClient(bootstrap_servers=settings.kafka_bootstrap_servers) as admin:
        asked = ConfigResource(ConfigResourceType.TOPIC, settings.kafka_topic, [name])
        found = admin.describe_configs([asked], config_filter="all")
    return int(found["topic"][settings.kafka_topic][name]["value"])


def test_nothing_is_removed_unless_the_settings_say_so(own: Settings) -> None:
    run_command(own, "coinloom", "maintain")
    assert counted(own, "quarantine.crypto_prices") == len(rows(own, "quarantine")) == HOURS * FILES_AN_HOUR


def test_what_is_too_old_is_removed_and_nothing_else(own: Settings) -> None:
    now, old = datetime.now(UTC), datetime.now(UTC) - timedelta(days=40)
    fresh = rejected_rows(Offsets(partition=2), now)
    land(fresh, own, now, "quarantine")
    with connect(own) as connection:
        for poll, at in (("old", old), ("new", now)):
            connection.execute(POLL, [poll, at])
            connection.execute(BUILD, {"at": at})
        states = [("gone", old, "unknown"), ("gone", now, "answered"), ("away", old, "retired")]
        for state in states:
            connection.execute(COIN_STATE, state)
    aside = ("_staging/crypto_prices/", "warehouse/warehouse.db/crypto_table/.spark-staging-")
    cut_off, in_use = ([Path(own.lake, f"{place}{name}") for place in aside] for name in ("old", "new"))
    for folder in (*cut_off, *in_use):
        folder.mkdir(parents=True)
    for folder in cut_off:
        os.utime(folder, times=(old.timestamp(), old.timestamp()))
    keeping = {"quarantine_retention_days": 30.0, "polls_retention_days": 30.0, "builds_retention_days": 30.0}
    printed = run_command(own.model_copy(update=keeping), "coinloom", "maintain")
    assert "6 messages in quarantine" in printed
    assert "2 hours of the quarantine in the lake" in printed
    assert counted(own, "quarantine.crypto_prices") == len(rows(own, "quarantine")) == 1
    assert counted(own, "ingestion.polls") == counted(own, "operations.builds") == 1
    with connect(own) as connection:
        left = connection.execute("select coin_id, state from ingestion.coin_states order by 1").fetchall()
    assert left == [("away", "retired"), ("gone", "answered")]
    assert [folder.exists() for folder in (*cut_off, *in_use)] == [False, False, True, True]
    assert counted(own, "landing.crypto_prices") == len(rows(own, "landing")) == 120


def test_two_at_once_are_one_too_many(own: Settings) -> None:
    lock = Path(own.lake, "_compaction", ".lock")
    lock.parent.mkdir()
    with lock.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        assert "Another `coinloom maintain` works on" in run_command(own, "coinloom", "maintain", expect=1)
    run_command(own, "coinloom", "maintain")
