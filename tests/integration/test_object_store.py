"""The whole path with a lake on a local S3. Whatever befell it, its marts are those of an undisturbed local lake."""

import os
import signal
import subprocess
import time
from collections.abc import Iterator

import pytest
from kafka import KafkaProducer
from pyarrow.fs import FileSystem
from rich.console import Console

from chaos.evidence import mart_rows
from chaos.pipeline import AFTER_ALL, undisturbed
from coinloom.processes import environment, executable
from coinloom.progress import Steps
from coinloom.settings import Settings
from commands.build import dbt
from maintenance.landing_retention import remove_landing
from stack import services
from stores.lake_files import arrow_address
from tests.commands import run_command
from tests.integration.market import GARBAGE
from tests.integration.stored_lake import (
    TABLES,
    assert_all_is_there_once,
    double_all,
    newest,
    no_secret_on_a_command_line,
    places,
    poll,
)
from tests.object_store import SECRET, files, object_store, on_s3
from tests.stacks import own_settings, running_stack
from tests.watching import watching

pytestmark = [pytest.mark.long, pytest.mark.timeout(3600)]

POLLS, KILLS = 40, 3


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """A market that was polled, with some garbage, landed on S3, built and published; the servers run."""
    home = tmp_path_factory.mktemp("stored")
    with object_store(home):
        settings = on_s3(own_settings(home))
        with running_stack(settings, services.simulator(settings, hours=2, speed=150)):
            send_garbage(settings)
            poll(settings, POLLS)
            run_command(settings, "coinloom", "stream", "--available-now")
            run_command(settings, "coinloom", "build", "--publish")
            yield settings


def send_garbage(settings: Settings) -> None:
    producer = KafkaProducer(bootstrap_servers=settings.kafka_bootstrap_servers)
    for value in GARBAGE:
        producer.send(settings.kafka_topic, value=value, headers=[("schema-version", b"1.0")])
    producer.close()


def test_nothing_is_left_aside_and_every_message_is_there_once(stored: Settings) -> None:
    assert_all_is_there_once(stored)
    assert files(stored, "quarantine")
    assert files(stored, "_staging/crypto_prices") == []


def test_the_commands_that_read_the_lake_read_it_there(stored: Settings) -> None:
    rejected = len(places(stored, files(stored, "quarantine")))
    status = run_command(stored, "coinloom", "status")
    assert "0 messages behind" in status
    assert f"quarantine in parquet │ {rejected} messages" in status
    assert "not_an_object" in run_command(stored, "coinloom", "quarantine")


def test_a_repeated_batch_replaces_its_files_while_they_are_looked_at(stored: Settings) -> None:
    store, root = FileSystem.from_uri(arrow_address(stored.lake))
    batch, before = newest(stored, "commits"), [path for table in TABLES for path in files(stored, table)]
    written = {info.path: info.mtime for info in store.get_file_info(before)}
    store.delete_file(f"{root}/_checkpoints/parquet/commits/{batch}")
    with watching(stored.lake, before) as watch:
        run_command(stored, "coinloom", "stream", "--available-now")
    assert newest(stored, "commits") == batch
    after = {info.path: info.mtime for info in store.get_file_info(before)}
    assert any(after[path] > written[path] for path in before)
    assert watch.missing == 0
    assert watch.looks > 100
    assert [path for table in TABLES for path in files(stored, table)] == before
    assert_all_is_there_once(stored)


def test_killed_in_the_middle_of_a_batch_it_begins_again(stored: Settings) -> None:
    for kill in range(KILLS):
        poll(stored, 3)
        killed_in_a_batch(stored, after_seconds=kill * 0.7)
    run_command(stored, "coinloom", "stream", "--available-now")
    assert_all_is_there_once(stored)
    assert files(stored, "_staging/crypto_prices") == []


def killed_in_a_batch(settings: Settings, after_seconds: float) -> None:
    """Kill the stream so long after it has begun a batch."""
    log = (settings.coinloom_home / "logs" / "killed-stream.log").open("ab")
    command = [executable("coinloom"), "stream", "--available-now"]
    with (
        log,
        subprocess.Popen(command, env=environment(settings), stdout=log, stderr=log, start_new_session=True) as process,
    ):
        while newest(settings, "offsets") == newest(settings, "commits"):
            assert process.poll() is None
            time.sleep(0.05)
        assert no_secret_on_a_command_line()
        time.sleep(after_seconds)
        os.killpg(process.pid, signal.SIGKILL)


def test_builds_and_counts_bear_what_a_killed_maintain_leaves(stored: Settings) -> None:
    poll(stored, 3)
    send_garbage(stored)
    run_command(stored, "coinloom", "stream", "--available-now")
    counted = run_command(stored, "coinloom", "quarantine")
    double_all(stored)
    run_command(stored, "coinloom", "build", "--publish")
    assert run_command(stored, "coinloom", "quarantine") == counted
    assert "are" in run_command(stored, "coinloom", "maintain", "--before", AFTER_ALL)
    assert_all_is_there_once(stored)
    assert "no hour of the lake has to be compacted" in run_command(stored, "coinloom", "maintain")
    assert files(stored, "_compaction") == []


def test_the_marts_are_those_of_a_local_lake(stored: Settings, tmp_path_factory: pytest.TempPathFactory) -> None:
    run_command(stored, "coinloom", "build", "--publish")
    home = tmp_path_factory.mktemp("local")
    with undisturbed(stored, home, Steps(Console(quiet=True))) as local:
        assert "s3a" not in local.lake
        expected = mart_rows(local)
    # Nobody may have risen or fallen within the last five minutes.
    assert all(rows for mart, rows in expected.items() if not mart.startswith("top_5"))
    assert mart_rows(stored) == expected
    dbt(stored, "build", "--full-refresh")
    run_command(stored, "coinloom", "publish")
    assert mart_rows(stored) == expected


def test_landing_that_is_too_old_goes_there_too(stored: Settings) -> None:
    run_command(stored, "coinloom", "build", "--publish")
    expected = mart_rows(stored)
    store, root = FileSystem.from_uri(arrow_address(stored.lake))
    long_ago = f"{root}/landing/crypto_prices/landed_hour=2026-01-01T00"
    store.create_dir(long_ago)
    store.copy_file(files(stored, "landing/crypto_prices")[0], f"{long_ago}/batch.parquet")
    keeping = stored.model_copy(update={"landing_retention_days": 9.0})
    [said] = remove_landing(keeping)
    assert said.startswith("1 hours of landing in the lake from before ")
    assert list(remove_landing(keeping)) == []
    assert not [path for path in files(stored, "landing/crypto_prices") if "2026-01-01" in path]
    assert len(files(stored, "landing/horizon")) == 1
    run_command(stored, "coinloom", "build", "--publish")
    assert mart_rows(stored) == expected


def test_no_secret_is_in_any_log(stored: Settings) -> None:
    logs = [path for path in stored.coinloom_home.rglob("*.log*") if path.is_file() and path.name != "s3mock.log"]
    assert any(path.name == "thrift-server.log" for path in logs)
    for path in [*logs, stored.coinloom_home / "supervisord.ini"]:
        assert SECRET not in path.read_text(errors="replace"), path
