"""A server that takes connections and never answers costs no more than the patience; others have their say."""

import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from coinloom.settings import Settings, Sink, Stage
from health.report import read_stages

PATIENCE_SECONDS = 3


@pytest.fixture
def silent(tmp_path: Path) -> Iterator[Settings]:
    """Kafka and PostgreSQL are one socket that says nothing."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        port = server.getsockname()[1]
        yield Settings(
            _env_file=None,
            coinloom_home=tmp_path,
            postgres_port=port,
            kafka_bootstrap_servers=f"127.0.0.1:{port}",
            landing_sinks=[Sink.PARQUET, Sink.POSTGRES],
        )


def test_nobody_waits_for_a_server_that_does_not_answer(silent: Settings) -> None:
    started = time.monotonic()
    report = read_stages(silent, patience_seconds=PATIENCE_SECONDS)
    assert time.monotonic() - started < 2 * PATIENCE_SECONDS
    for reading in (report.messages, report.polls, report.freshness, report.landings[Sink.POSTGRES]):
        assert reading.error == f"no answer within {PATIENCE_SECONDS} s"
    landing = report.landings[Sink.PARQUET].value
    assert landing
    assert landing.newest is None
    assert report.disk.value
    assert report.disk.value.free > 0


def test_a_stage_that_nobody_asked_for_is_not_read(silent: Settings) -> None:
    report = read_stages(silent, [Stage.DISK])
    assert report.disk.value
    for reading in (report.polls, report.messages, report.freshness, *report.landings.values()):
        assert (reading.value, reading.error) == (None, "nobody has asked")


def test_a_file_that_is_cut_off_costs_only_its_stage(silent: Settings) -> None:
    folder = Path(silent.lake, "landing", "crypto_prices", "landed_hour=2026-11-29T11")
    folder.mkdir(parents=True)
    (folder / "batch.parquet").touch()
    report = read_stages(silent, patience_seconds=PATIENCE_SECONDS)
    assert report.landings[Sink.PARQUET].error.startswith("ArrowInvalid: ")
    assert report.disk.value


def test_an_hour_without_files_is_not_the_newest(silent: Settings) -> None:
    """As a stream leaves it that is killed before it has moved its first file there."""
    Path(silent.lake, "landing", "crypto_prices", "landed_hour=2026-11-29T12").mkdir(parents=True)
    landing = read_stages(silent, patience_seconds=PATIENCE_SECONDS).landings[Sink.PARQUET].value
    assert landing
    assert landing.newest is None
