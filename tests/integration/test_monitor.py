"""`coinloom monitor` beside servers that run: a real Prometheus scrapes it, and every panel's query finds something."""

import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import requests
from kafka import KafkaProducer

from coinloom.settings import REPOSITORY, Settings, Sink, Target
from ingestion.topic import waiting_since
from monitoring.counts import Counting, Counts
from stack.ports import free_port
from stores.database import connect
from tests.integration.market import Rows
from tests.prometheus import Prometheus, running_prometheus
from tests.stacks import elsewhere
from tests.unit.monitoring.receiver import Receiver, running_receiver
from tests.unit.monitoring.running_monitor import running_monitor

PANELS = json.loads((REPOSITORY / "monitoring" / "grafana" / "coinloom.json").read_text(encoding="utf-8"))["panels"]
SECONDS = 60
EPOCH_MS = 1_795_000_000_000
POLL = "insert into ingestion.polls values (%s, clock_timestamp(), 1, 1, 1, 1, %s, 0, 0, 0, 0)"
BUILD = """
    insert into operations.builds (began_at, ended_at, command, target, outcome, models_passed, models_failed,
        models_skipped, models_warned, tests_passed, tests_failed, tests_skipped, tests_warned, seconds_in_models,
        seconds_in_tests, slowest_nodes)
    values (now(), now(), 'build', 'spark', %s, 1, 0, 0, 0, 1, 0, 0, 0, 1, 1, '[]')
"""


@pytest.fixture(scope="module")
def receiver() -> Iterator[Receiver]:
    with running_receiver() as receiver:
        yield receiver


@pytest.fixture(scope="module")
def monitored(landed: Settings, marts: dict[Target, Rows], receiver: Receiver) -> Iterator[Settings]:
    """What has landed and is built, looked at every second."""
    assert marts
    ours = {
        "monitor_port": free_port(),
        "monitor_interval_seconds": 1,
        "alert_webhook_url": receiver.url,
        "alert_after_seconds": 0,
        "coingecko_credits_per_month": 10_000,
        "landing_critical_after_seconds": 0.001,  # the market has ended
    }
    settings = landed.model_copy(update=ours)
    with running_monitor(settings):
        yield settings


@pytest.fixture(scope="module")
def prometheus(monitored: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prometheus]:
    """With at least three looks behind it."""
    with running_prometheus(tmp_path_factory.mktemp("prometheus"), monitored.monitor_port) as prometheus:
        deadline = time.monotonic() + SECONDS
        while not has_seen_enough(prometheus):
            assert time.monotonic() < deadline, f"nothing was scraped within {SECONDS} s"
            time.sleep(0.2)
        yield prometheus


def has_seen_enough(prometheus: Prometheus) -> bool:
    try:
        return bool(prometheus.query("count_over_time(coinloom_alerts_sent_total[1m] offset 1s) >= 3"))
    except requests.RequestException:
        return False


def test_the_oldest_message_that_a_sink_does_not_have(stack: Settings, tmp_path: Path) -> None:
    settings = elsewhere(stack, "waiting", tmp_path, kafka_topic_partitions=2, landing_sinks=[Sink.PARQUET])
    assert waiting_since(settings, {}) is None
    produced = {0: (5_000, 3_000), 1: (2_000, 4_000)}  # milliseconds, by partition; clocks of producers may go back
    producer = KafkaProducer(bootstrap_servers=settings.kafka_bootstrap_servers)
    for partition, moments in produced.items():
        for milliseconds in moments:
            producer.send(settings.kafka_topic, b"{}", partition=partition, timestamp_ms=EPOCH_MS + milliseconds)
    producer.close()
    assert waiting_since(settings, {}) == moment(2_000)
    assert waiting_since(settings, {1: 1}) == moment(4_000)
    assert waiting_since(settings, {0: 1, 1: 2}) == moment(3_000)
    assert waiting_since(settings, {0: 2, 1: 2}) is None


def moment(milliseconds: int) -> datetime:
    return datetime.fromtimestamp((EPOCH_MS + milliseconds) / 1000, UTC)


def test_counters_never_fall(stack: Settings, tmp_path: Path) -> None:
    settings = elsewhere(stack, "counted", tmp_path)

    def happens(statement: str, *values: list[Any]) -> None:
        with connect(settings) as connection:
            for row in values:
                connection.execute(statement, row)

    happens(POLL, ["before", None])
    happens(BUILD, ["passed"])
    counting = Counting(settings)
    assert counting.now() == Counts()
    happens(POLL, ["a", None], ["b", "HTTP 429"])
    happens(BUILD, ["passed"], ["failed"], ["passed"])
    assert counting.now() == Counts(polls=2, failed_polls=1, passed_builds=2, failed_builds=1)
    happens("delete from ingestion.polls", [])
    happens("delete from operations.builds", [])
    assert counting.now() == Counts(polls=2, failed_polls=1, passed_builds=2, failed_builds=1)
    happens(POLL, ["c", "HTTP 500"])
    assert counting.now() == Counts(polls=3, failed_polls=2, passed_builds=2, failed_builds=1)


@pytest.mark.parametrize("panel", PANELS, ids=lambda panel: f"{panel['id']} {panel['title']}")
def test_each_panel_shows_something(prometheus: Prometheus, panel: dict[str, list[dict[str, str]]]) -> None:
    for target in panel["targets"]:
        assert prometheus.query(target["expr"]) != [], target["expr"]


def test_prometheus_has_taken_every_rule(prometheus: Prometheus) -> None:
    deadline = time.monotonic() + SECONDS
    while any(rule["health"] == "unknown" for rule in prometheus.rules()):
        assert time.monotonic() < deadline
        time.sleep(0.2)
    rules = prometheus.rules()
    assert len(rules) > 10
    assert {rule["health"] for rule in rules} == {"ok"}


def test_the_numbers_are_those_of_the_stages(prometheus: Prometheus) -> None:
    def value(expression: str) -> float:
        (sample,) = prometheus.query(expression)
        return float(sample["value"][1])

    landed = 'coinloom_landed_messages_total{sink="postgres"}'
    assert value(landed) == value("coinloom_topic_messages_total") > 1_000
    assert value("sum(coinloom_stage_reachable)") == value("count(coinloom_stage_reachable)") == 8
    assert value('coinloom_landing_lag_seconds{sink="parquet"}') == 0
    assert value('coinloom_build_nodes{kind="model",outcome="passed"}') > 20
    assert value('coinloom_quarantine_messages{sink="parquet",reason="not_json"}') > 0


def test_the_receiver_is_told_that_landing_is_old_and_only_once(monitored: Settings, receiver: Receiver) -> None:
    deadline = time.monotonic() + SECONDS
    while not [message for message in receiver.taken if message["stage"] == "landing_parquet"]:
        assert time.monotonic() < deadline
        time.sleep(0.2)
    time.sleep(3)
    told = [message["state"] for message in receiver.taken if message["stage"] == "landing_parquet"]
    assert told == ["broken"]
