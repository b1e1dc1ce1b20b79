"""The poller and a real broker that goes away, refuses what is too large, and has taken more than it could confirm."""

import subprocess
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr
from rich.console import Console

from coinloom.processes import environment, executable
from coinloom.progress import Steps
from coinloom.settings import REPOSITORY, CoinGeckoPlan, ServerName, Settings
from ingestion.exceptions import NotAcknowledged
from ingestion.messages import Message
from ingestion.polling.outbox import open_outbox
from ingestion.polling.recovery import forget_delivered
from ingestion.polling.relay import Relay
from ingestion.producer import open_producer
from ingestion.topic import open_topic
from stack import lifecycle, services
from stack.supervisor import Supervisor
from tests.integration.conftest import own_settings, run_command

COINS = 60
HEADERS = [("schema-version", b"1.0"), ("poll-id", b"p"), ("source", b"live")]


@pytest.fixture
def market(tmp_path: Path) -> Iterator[Settings]:
    """The servers and a simulator."""
    settings = own_settings(tmp_path)
    try:
        lifecycle.start(settings, [services.simulator(settings, hours=1, speed=60)], Steps(Console(quiet=True)))
        yield settings
    finally:
        lifecycle.stop(settings)


def on_the_topic(settings: Settings) -> list[Message]:
    with open_topic(settings) as topic:
        return list(topic.messages({}, topic.ends()))


def per_poll(messages: list[Message]) -> Counter[bytes]:
    return Counter(dict(message.headers)["poll-id"] for message in messages)


def test_polls_go_on_while_the_broker_is_away_and_reach_it_when_it_is_back(market: Settings) -> None:
    supervisor = Supervisor(market)
    run_command(market, "coinloom", "poll", "--max-polls", "2", "--interval-seconds", "0.2")
    supervisor.stop_process(ServerName.KAFKA)
    polls = ["poll", "--max-polls", "3", "--interval-seconds", "1"]
    log = market.coinloom_home / "poller.log"
    with log.open("w") as output:
        command = [executable("coinloom"), *polls]
        poller = subprocess.Popen(command, env=environment(market), cwd=REPOSITORY, stdout=output, stderr=output)
        supervisor.start_process(ServerName.KAFKA)
        assert poller.wait(120) == 0, log.read_text()
    messages = on_the_topic(market)
    assert list(per_poll(messages).values()) == [COINS] * 5
    assert len({(message.key, message.value) for message in messages}) == len(messages) == 5 * COINS


def test_what_a_killed_poller_had_under_way_is_on_the_topic_once(market: Settings) -> None:
    """The broker has taken the messages, but the poller was killed before it could note that."""
    messages = [Message(f"coin-{number}".encode(), b"{}", HEADERS) for number in range(100)]
    with open_outbox(market.outbox_file) as outbox, open_topic(market) as topic:
        forget_delivered(outbox, topic)
        outbox.keep(messages)
        with open_producer(market, delivery_timeout_seconds=60) as producer:
            for message in messages[:40]:
                producer.send(market.kafka_topic, message.value, message.key, message.headers)
            producer.flush()
    with open_outbox(market.outbox_file) as outbox, open_topic(market) as topic:
        assert forget_delivered(outbox, topic) == 40
        with open_producer(market, delivery_timeout_seconds=60) as producer:
            Relay(outbox, producer, market.kafka_topic).deliver(30)
        assert len(outbox) == 0
    assert Counter(message.key for message in on_the_topic(market)) == Counter(message.key for message in messages)


def test_a_message_that_is_too_large_for_kafka_costs_only_itself(market: Settings) -> None:
    messages = [Message(b"small", b"{}", HEADERS), Message(b"large", b"x" * 2_000_000, HEADERS)]
    with open_outbox(market.outbox_file) as outbox, open_producer(market, delivery_timeout_seconds=60) as producer:
        outbox.keep([*messages, Message(b"after", b"{}", HEADERS)])
        Relay(outbox, producer, market.kafka_topic).deliver(30)
        assert len(outbox) == 0
    assert {message.key for message in on_the_topic(market)} == {b"small", b"after"}


def test_messages_wait_on_disk_while_no_broker_confirms_them(market: Settings) -> None:
    with open_outbox(market.outbox_file) as outbox, open_producer(market, delivery_timeout_seconds=60) as producer:
        Supervisor(market).stop_process(ServerName.KAFKA)
        outbox.keep([Message(b"coin", b"{}", HEADERS)])
        relay = Relay(outbox, producer, market.kafka_topic)
        with pytest.raises(NotAcknowledged):
            relay.deliver(3)
        assert len(outbox) == 1
        Supervisor(market).start_process(ServerName.KAFKA)
        relay.deliver(60)
        assert len(outbox) == 0


def test_what_was_polled_is_reported_in_postgresql_and_in_the_status(market: Settings) -> None:
    ids = "bitcoin,no-such-coin"
    run_command(market, "coinloom", "poll", "--once", "--ids", ids)
    status = run_command(market, "coinloom", "status")
    assert "1 of 2 coins, 1 messages" in status
    assert "no-such-coin (unknown)" in status
    assert "messages so far" in status


def test_the_key_of_the_api_is_in_nothing_that_a_run_writes(tmp_path: Path) -> None:
    key = "CG-a-key-that-nobody-else-has"
    settings = own_settings(tmp_path / "home").model_copy(
        update={"coingecko_plan": CoinGeckoPlan.DEMO, "coingecko_api_key": SecretStr(key)}
    )
    try:
        faults = "rate_limited=0.2,server_error=0.2,garbage=0.2"
        simulator = services.simulator(settings, hours=1, speed=60, faults=faults)
        lifecycle.start(settings, [simulator], Steps(Console(quiet=True)))
        printed = run_command(settings, "coinloom", "poll", "--max-polls", "12", "--interval-seconds", "0.1")
        run_command(settings, "coinloom", "stream", "--available-now")
        printed += run_command(settings, "coinloom", "status")
    finally:
        lifecycle.stop(settings)
    written = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert "failed" in printed
    assert len(written) > 50
    assert key not in printed
    assert [path for path in written if key.encode() in path.read_bytes()] == []
