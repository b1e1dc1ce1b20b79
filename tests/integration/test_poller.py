"""The poller and a real broker that goes away, refuses what is too large, and has taken more than it could confirm."""

import contextlib
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from uuid import uuid4

import pytest
from psycopg import sql
from pydantic import SecretStr
from rich.console import Console

from coinloom.clock import iso_milliseconds, utc_now
from coinloom.processes import environment
from coinloom.settings import REPOSITORY, CoinGeckoPlan, ServerName, Settings
from commands.marts import TOP_5, show_top_5
from health.polls import absent_coins
from ingestion.exceptions import NotAcknowledged
from ingestion.messages import Message
from ingestion.polling.outbox import open_outbox
from ingestion.polling.recovery import forget_delivered
from ingestion.polling.relay import Relay
from ingestion.polling.reports import PollReport, PollReports
from ingestion.producer import open_producer
from ingestion.topic import open_topic
from stack import postgres, services
from stack.ports import free_port
from stack.supervisor import Supervisor
from stores.database import DatabaseUnavailable, connect
from stores.migrate import migrate
from tests.commands import run_command
from tests.forks import Forked
from tests.integration.warm_stream import WarmStream
from tests.stacks import elsewhere

COINS = 60
HEADERS = [("schema-version", b"1.0"), ("poll-id", b"p"), ("source", b"live")]


class Broker:
    def __init__(self, stack: Settings) -> None:
        self._stack = stack
        self._supervisor = Supervisor(stack)

    def stop(self) -> None:
        self._supervisor.stop_process(ServerName.KAFKA)

    def start(self) -> None:
        self._supervisor.start_process(ServerName.KAFKA)

    def wait_ready(self) -> None:
        self._supervisor.wait_ready(services.server(self._stack, ServerName.KAFKA))


@pytest.fixture
def market(stack: Settings, tmp_path: Path) -> Settings:
    """A topic, a database and a outbox of its own."""
    return elsewhere(stack, f"poller-{tmp_path.name}", tmp_path)


@pytest.fixture
def broker(stack: Settings) -> Iterator[Broker]:
    """The broker of the stack, which runs again in the end."""
    broker = Broker(stack)
    yield broker
    broker.start()
    broker.wait_ready()


def on_the_topic(settings: Settings) -> list[Message]:
    with open_topic(settings) as topic:
        return list(topic.messages({}, topic.ends()))


def per_poll(messages: list[Message]) -> Counter[bytes]:
    return Counter(dict(message.headers)["poll-id"] for message in messages)


def test_messages_wait_on_disk_while_the_broker_is_away_and_polls_reach_it_when_it_is_back(
    market: Settings, broker: Broker, tmp_path: Path
) -> None:
    run_command(market, "coinloom", "poll", "--max-polls", "2", "--interval-seconds", "0.2")
    with (
        open_outbox(tmp_path / "waiting.sqlite") as outbox,
        open_producer(market, delivery_timeout_seconds=60) as producer,
    ):
        broker.stop()
        polls = ["coinloom", "poll", "--max-polls", "3", "--interval-seconds", "0.2"]
        poller = Forked(polls, environment(market), REPOSITORY, tmp_path / "poller.log")
        outbox.keep([Message(b"coin", b"{}", HEADERS)])
        relay = Relay(outbox, producer, market.kafka_topic)
        with pytest.raises(NotAcknowledged):
            relay.deliver(3)
        assert len(outbox) == 1
        broker.start()
        relay.deliver(60)
        assert len(outbox) == 0
    assert poller.wait().returncode == 0, poller.stdout
    messages = on_the_topic(market)
    assert sorted(per_poll(messages).values()) == [1, *[COINS] * 5]
    assert len({(message.key, message.value) for message in messages}) == len(messages) == 5 * COINS + 1


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


def test_what_was_polled_is_reported_in_postgresql_and_in_the_status(market: Settings, stack: Settings) -> None:
    """Also where the poller is the first to write to the database."""
    market = market.model_copy(update={"postgres_db": "reports-come-first"})
    assert postgres.is_ready(market)  # which creates it
    ids = "bitcoin,no-such-coin"
    run_command(market, "coinloom", "poll", "--once", "--ids", ids)
    supervised = market.model_copy(update={"coinloom_home": stack.coinloom_home})
    status = run_command(supervised, "coinloom", "status")
    assert "1 of 2 coins, 1 messages" in status
    assert "no-such-coin (unknown)" in status
    assert "messages so far" in status
    assert [coin.coin_id for coin in absent_coins(market)] == ["no-such-coin"]
    run_command(market, "coinloom", "poll", "--once", "--ids", "bitcoin")
    assert absent_coins(market) == []


def test_a_poll_without_prices_is_exit_code_1_and_says_so(market: Settings) -> None:
    printed = run_command(market, "coinloom", "poll", "--once", "--ids", "no-such-coin", expect=1)
    assert "No price was polled" in printed


def test_a_report_that_quotes_what_postgresql_does_not_take_stops_none(market: Settings) -> None:
    with open_outbox(market.outbox_file) as outbox:
        reports = PollReports(outbox)
        for error in ("an answer of \0 and half a letter, \ud83d", None):
            at = iso_milliseconds(utc_now())
            reports.note_poll(PollReport(str(uuid4()), at, 0.1, 1, 0, 0, error, 0, 0, 0, 0))
        reports.upload(market)
    with connect(market) as connection:
        errors = connection.execute("select error from ingestion.polls order by error").fetchall()
    assert errors == [("an answer of · and half a letter, ·",), (None,)]


def test_a_table_that_somebody_has_locked_does_not_hold_up_the_polls(
    market: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    with open_outbox(market.outbox_file) as outbox:
        reports = PollReports(outbox)
        reports.note_poll(PollReport("locked", iso_milliseconds(utc_now()), 0.1, 1, 1, 1, None, 0, 0, 0, 0))
        with connect(market) as holder:
            holder.execute("lock table ingestion.polls in access exclusive mode")
            release = threading.Timer(30, holder.rollback)
            release.start()
            started = time.monotonic()
            reports.upload(market)
            assert time.monotonic() - started < 15
            release.cancel()
        assert "reports of the polls wait on disk: canceling statement due to statement timeout" in caplog.text
        reports.upload(market)
    with connect(market) as connection:
        assert connection.execute("select poll_id from ingestion.polls").fetchall() == [("locked",)]


def test_who_may_not_migrate_is_told_what_it_takes(market: Settings) -> None:
    with connect(market) as connection:
        connection.execute("create role stranger login password 'strange'")
    stranger = market.model_copy(update={"postgres_user": "stranger", "postgres_password": SecretStr("strange")})
    try:
        with pytest.raises(DatabaseUnavailable, match=r"permission denied .* 'stranger' .* docs/roles\.sql"):
            migrate(stranger)
    finally:
        with connect(market) as connection:
            connection.execute("drop role stranger")


def test_what_came_over_the_topic_is_text_in_the_status_and_in_the_demo(market: Settings, stack: Settings) -> None:
    hostile = "[/usd]\x1b[2J"
    with connect(market) as connection:
        connection.execute("create table marts.crypto_table (vs_currency text, coin_id text, bar_minute timestamp)")
        connection.execute("insert into marts.crypto_table values (%s, 'bitcoin', now())", [hostile])
        of_the_demo = sql.SQL(", ").join(sql.SQL("{} text").format(sql.Identifier(column)) for column in TOP_5)
        connection.execute(sql.SQL("create table marts.top_5_gainers ({})").format(of_the_demo))
        connection.execute("insert into marts.top_5_gainers (vs_currency) values (%s)", [hostile])
    status = run_command(market.model_copy(update={"coinloom_home": stack.coinloom_home}), "coinloom", "status")
    shown = Console(width=200, file=StringIO())
    show_top_5(market, shown, "top_5_gainers")
    for printed in (status, shown.file.getvalue()):  # type: ignore[attr-defined]
        assert "[/usd]·[2J" in " ".join(printed.split())
        assert "\x1b[2J" not in printed


def test_the_key_of_the_api_is_in_nothing_that_a_command_or_server_writes(
    stack: Settings, warm_stream: WarmStream, tmp_path: Path
) -> None:
    key = "CG-a-key-that-nobody-else-has"
    plan = {"coingecko_plan": CoinGeckoPlan.DEMO, "coingecko_api_key": SecretStr(key), "simulator_port": free_port()}
    settings = elsewhere(stack, "poller-with-a-key", tmp_path, **plan)
    settings = settings.model_copy(update={"coingecko_base_url": services.simulator_url(settings)})
    faults = "rate_limited=0.2,server_error=0.2,garbage=0.2"
    command = services.simulator(settings, hours=1, speed=60, faults=faults).command
    with (tmp_path / "simulator.log").open("w") as log:
        simulator = subprocess.Popen(command, env=environment(settings), stdout=log, stderr=log)
    try:
        printed = run_command(settings, "coinloom", "poll", "--max-polls", "12", "--interval-seconds", "0.1")
        warm_stream.land(settings)
        printed += run_command(settings, "coinloom", "status")
    finally:
        simulator.terminate()
        simulator.wait()
    written = list(all_that_is_written(tmp_path, stack.coinloom_home))
    assert warm_stream.log in dict(written)
    assert "failed" in printed
    assert len(written) > 50
    assert key not in printed
    assert [path for path, content in written if key.encode() in content] == []


def all_that_is_written(*folders: Path) -> Iterator[tuple[Path, bytes]]:
    """Every file with its content. The servers go on: a file of theirs may end between the list and the look."""
    for folder in folders:
        for path in folder.rglob("*"):
            with contextlib.suppress(FileNotFoundError):
                if path.is_file():
                    yield path, path.read_bytes()
