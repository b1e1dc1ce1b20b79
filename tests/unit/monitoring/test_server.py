"""The monitor itself, while nothing that it looks at is there."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from coinloom.settings import Settings
from stack.ports import free_port
from tests.unit.monitoring.receiver import Receiver, running_receiver
from tests.unit.monitoring.running_monitor import running_monitor

SECONDS = 30


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Nobody is there, and what was told cannot be kept."""
    (tmp_path / "alerts.sqlite").mkdir()
    return Settings(
        _env_file=None,
        coinloom_home=tmp_path,
        kafka_bootstrap_servers="127.0.0.1:1",
        postgres_port=1,
        monitor_port=free_port(),
        alert_after_seconds=0,
    )


def metrics(settings: Settings) -> str:
    """As soon as they are served."""
    deadline = time.monotonic() + SECONDS
    while True:
        try:
            return requests.get(f"http://127.0.0.1:{settings.monitor_port}/metrics", timeout=SECONDS).text
        except requests.ConnectionError:
            assert time.monotonic() < deadline
            time.sleep(0.05)


def test_a_disk_that_cannot_be_written_costs_no_metrics(settings: Settings) -> None:
    with running_monitor(settings):
        assert 'coinloom_stage_reachable{stage="polls"} 0.0' in metrics(settings)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with running_receiver() as receiver:
        yield receiver


def test_such_a_disk_is_told_all_the_same(settings: Settings, receiver: Receiver) -> None:
    told = settings.model_copy(update={"alert_webhook_url": receiver.url, "critical_below_free_gb": 10**9})
    with running_monitor(told):
        deadline = time.monotonic() + SECONDS
        while "disk" not in [message["stage"] for message in receiver.taken]:
            assert time.monotonic() < deadline
            time.sleep(0.05)
        assert "coinloom_alerts_sent_total" in metrics(told)
