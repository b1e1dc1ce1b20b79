"""Both sinks at once, and PostgreSQL away for a while: the lake goes on, PostgreSQL catches up, both hold the same."""

import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pyarrow.dataset
import pytest

from coinloom.settings import Settings
from ingestion.messages import Message
from ingestion.producer import ensure_topic
from stack import postgres
from stack.ports import free_port
from tests.integration.hostile_messages import hostile_messages
from tests.integration.streams import Place, by_place, in_files, in_postgres, running_stream, send, wait_for
from tests.watching import again_and_again

pytestmark = pytest.mark.timeout(900)

OF_EACH_KIND = 10
TABLES = ("landing", "quarantine")


@pytest.fixture
def own(stack: Settings, tmp_path: Path) -> Settings:
    """The broker of the stack, with a topic, a lake and a PostgreSQL of its own, which is not running yet."""
    ours = {"coinloom_home": tmp_path, "lake_root": str(tmp_path / "lake"), "jars_folder": stack.jars}
    addresses = {"kafka_topic": "both-sinks", "postgres_port": free_port()}
    settings = stack.model_copy(update=ours | addresses | {"stream_trigger_seconds": 1.0})
    ensure_topic(settings)
    postgres.prepare(settings)
    return settings


@contextmanager
def running_postgres(settings: Settings, process: subprocess.Popen[bytes]) -> Iterator[None]:
    """PostgreSQL, killed at the end as by a crash."""
    server = subprocess.Popen(postgres.command(settings), stderr=subprocess.DEVNULL, start_new_session=True)
    try:
        wait_for(lambda: postgres.is_ready(settings), 60, process)
        yield
    finally:
        os.killpg(server.pid, signal.SIGKILL)
        server.wait()


def messages(seed: int) -> list[Message]:
    return [message for _, message in hostile_messages(seed, OF_EACH_KIND)]


def rows_in_files(settings: Settings) -> int:
    return sum(len(in_files(settings, table)) for table in TABLES)


def rows_in_postgres(settings: Settings) -> int:
    return sum(len(in_postgres(settings, table)) for table in TABLES)


class Reader:
    """Reads landing again and again, as DuckDB and as pyarrow do, while the stream writes."""

    def __init__(self, settings: Settings) -> None:
        self._folder = Path(settings.lake, "landing", "crypto_prices")
        self.rows: list[int] = []

    def read(self) -> None:
        if any(self._folder.rglob("*.parquet")):
            self.rows += [self._with_duckdb(), self._with_pyarrow()]

    def _with_duckdb(self) -> int:
        query = f"select count(*), count(distinct (kafka_partition, kafka_offset)) from '{self._folder}/*/*.parquet'"  # noqa: S608
        rows, places = duckdb.connect().execute(query).fetchone() or (0, 0)
        assert rows == places
        return int(rows)

    def _with_pyarrow(self) -> int:
        table = pyarrow.dataset.dataset(self._folder, partitioning="hive").to_table()
        places = set(zip(table["kafka_partition"].to_pylist(), table["kafka_offset"].to_pylist(), strict=True))
        assert len(places) == table.num_rows
        return int(table.num_rows)


@contextmanager
def reading(settings: Settings) -> Iterator[Reader]:
    reader = Reader(settings)
    with again_and_again(reader.read, pause_seconds=0.2):
        yield reader


def test_one_sink_that_is_down_does_not_stop_the_other(own: Settings, tmp_path: Path) -> None:
    log = tmp_path / "stream.log"
    sent: dict[Place, Message] = {}
    with running_stream(own, log) as job, reading(own) as reader:
        sent |= send(own, messages(1))
        wait_for(lambda: rows_in_files(own) == len(sent), 180, job)  # PostgreSQL has never been up
        with running_postgres(own, job):
            wait_for(lambda: "postgres: batch 0 landed" in log.read_text(), 120, job)
            sent |= send(own, messages(2))
            wait_for(lambda: rows_in_postgres(own) == len(sent), 60, job)
        sent |= send(own, messages(3))
        wait_for(lambda: rows_in_files(own) == len(sent), 60, job)
        sent |= send(own, messages(4))
        wait_for(lambda: rows_in_files(own) == len(sent), 60, job)
        with running_postgres(own, job):
            wait_for(lambda: rows_in_postgres(own) == len(sent), 120, job)
            for table in TABLES:
                assert by_place(in_files(own, table)) == by_place(in_postgres(own, table))
    assert rows_in_files(own) == len(sent) == 4 * len(messages(1))
    failures = [line for line in log.read_text().splitlines() if "landing failed" in line]
    assert len(failures) >= 2
    assert all("postgres: landing failed, the other sinks go on; it starts again in" in line for line in failures)
    assert "Check POSTGRES_HOST" in failures[0]
    assert len(reader.rows) > 20
    assert reader.rows == sorted(reader.rows), "rows that were there went away"
