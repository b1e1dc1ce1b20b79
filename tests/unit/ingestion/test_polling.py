"""The poller from HTTP to the producer; the producer is a recorder, the HTTP server is real."""

import contextlib
import itertools
import json
import logging
import re
import socket
import threading
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest
import requests
from kafka.errors import KafkaTimeoutError, MessageSizeTooLargeError
from typer.testing import CliRunner

import ingestion.__main__
from coinloom.settings import Settings
from ingestion.exceptions import DeliveryFailed, NotAcknowledged, WrongKeyOrPlan
from ingestion.messages import Message
from ingestion.polling.outbox import open_outbox
from ingestion.polling.run import PollerSummary, run_poller
from ingestion.sender import Sender
from tests.unit.ingestion.recording_producer import RecordingProducer, Sent, acknowledge, time_out
from tests.unit.ingestion.scripted_server import Reply, ScriptedServer, coins

NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)


class EmptyTopic:
    """A topic without a partition: nothing of the outbox is on it."""

    name = "crypto-prices"

    def ends(self) -> dict[int, int]:
        return {}

    def messages(self, since: Mapping[int, int], until: Mapping[int, int]) -> list[Message]:  # noqa: ARG002
        return []


@pytest.fixture
def run(server: ScriptedServer, tmp_path: Path) -> Callable[..., PollerSummary]:
    def run(
        producer: RecordingProducer,
        max_polls: int = 1,
        monotonic: Callable[[], float] = time.monotonic,
        **settings: object,
    ) -> PollerSummary:
        values = {
            "coinloom_home": tmp_path,
            "coingecko_base_url": server.url,
            "coingecko_ids": ["bitcoin", "ether"],
            "poll_interval_seconds": 0.01,
        }
        return run_poller(
            Settings(_env_file=None, **{**values, **settings}),
            stop=threading.Event(),
            max_polls=max_polls,
            session=requests.Session(),
            producer=producer,
            topic=EmptyTopic(),
            now=lambda: NOW,
            monotonic=monotonic,
        )

    return run


def test_one_poll_sends_a_message_per_coin_and_currency(
    server: ScriptedServer, run: Callable[..., PollerSummary]
) -> None:
    server.replies = [coins("bitcoin", "ether")]
    producer = RecordingProducer()
    summary = run(producer, coingecko_vs_currencies=["usd", "eur"])
    assert summary == PollerSummary(polls=1, messages=4)
    values = [json.loads(message.body) for message in producer.sent]
    assert [(value["vs_currency"], value["coin_id"]) for value in values] == [
        ("usd", "bitcoin"),
        ("usd", "ether"),
        ("eur", "bitcoin"),
        ("eur", "ether"),
    ]
    assert [message.key for message in producer.sent] == [b"bitcoin", b"ether"] * 2
    assert {value["fetched_at"] for value in values} == {"2026-11-22T10:00:00.000Z"}
    assert {message.topic for message in producer.sent} == {"crypto-prices"}
    assert {message.headers["source"] for message in producer.sent} == {b"live"}
    assert len({message.headers["poll-id"] for message in producer.sent}) == 1


def test_each_poll_has_its_own_id_and_one_log_line(
    server: ScriptedServer, run: Callable[..., PollerSummary], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    server.replies = [coins("bitcoin", "ether")]
    producer = RecordingProducer()
    assert run(producer, max_polls=3).polls == 3
    ids = [message.headers["poll-id"].decode() for message in producer.sent]
    assert len(set(ids)) == 3
    for poll_id in set(ids):
        assert caplog.text.count(f"poll {poll_id}: 2 of 2 coins, 2 messages, ") == 1


def test_a_poll_that_fails_costs_only_itself(
    server: ScriptedServer, run: Callable[..., PollerSummary], caplog: pytest.LogCaptureFixture
) -> None:
    server.replies = [coins("bitcoin", "ether"), Reply(b"<html>"), coins("bitcoin", "ether")]
    producer = RecordingProducer()
    assert run(producer, max_polls=3) == PollerSummary(polls=3, failed_polls=1, messages=4)
    assert len(producer.sent) == 4
    assert "failed: CoinGecko's answer of 6 bytes is not a JSON list of coins: <html>" in caplog.text


def test_a_wrong_key_ends_the_poller_and_is_reported(
    server: ScriptedServer, run: Callable[..., PollerSummary], tmp_path: Path
) -> None:
    """The report waits: there is no PostgreSQL."""
    server.replies = [Reply(b"{}", 401)]
    with pytest.raises(WrongKeyOrPlan):
        run(RecordingProducer(), max_polls=3, postgres_port=1)
    assert len(server.asked) == 1
    with open_outbox(tmp_path / "poller.sqlite") as outbox:
        [(report,)] = outbox.connection.execute("select row from reports").fetchall()
    assert "check COINGECKO_API_KEY and COINGECKO_PLAN" in json.loads(report)["error"]


def test_what_becomes_of_a_coin_is_told_once_per_change(
    server: ScriptedServer, run: Callable[..., PollerSummary], caplog: pytest.LogCaptureFixture
) -> None:
    unpriced = Reply(
        json.dumps([{"id": "bitcoin", "current_price": None}, {"id": "ether", "current_price": 2}]).encode()
    )
    server.replies = [coins("bitcoin"), coins("bitcoin"), coins("bitcoin", "ether"), unpriced, coins("bitcoin")]
    caplog.set_level(logging.INFO)
    run(RecordingProducer(), max_polls=6)
    told = [record.message for record in caplog.records if record.name == "ingestion.polling.coin_states"]
    assert told == [
        "ether: CoinGecko does not know them: check COINGECKO_IDS (avalanche, for one, is avalanche-2)",
        "ether: CoinGecko has prices for them again",
        "bitcoin: CoinGecko has no price for them; their messages go to quarantine",
        "bitcoin: CoinGecko has prices for them again",
        "ether: CoinGecko answers for them no more: they are retired or have a new id, see COINGECKO_IDS",
    ]


@pytest.mark.parametrize(
    "now_asked",
    [
        {"coingecko_ids": ["bitcoin", "avalanche-2"]},
        {"coingecko_ids": ["bitcoin", "avalanche"], "coingecko_vs_currencies": ["eur"]},
        {"coingecko_ids": [], "coingecko_top_n": 2},
    ],
)
def test_a_coin_that_was_absent_and_is_not_asked_for_any_more_is_told_once(
    server: ScriptedServer,
    run: Callable[..., PollerSummary],
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    now_asked: dict[str, object],
) -> None:
    caplog.set_level(logging.INFO)
    away = {"postgres_port": 1}
    server.replies = [coins("bitcoin")]
    run(RecordingProducer(), coingecko_ids=["bitcoin", "avalanche"], **away)
    server.replies = [coins("bitcoin", "avalanche-2")]
    run(RecordingProducer(), max_polls=2, **now_asked, **away)
    with open_outbox(tmp_path / "poller.sqlite") as outbox:
        query = "select row from reports where relation = 'coin_states' order by id"
        reported = [json.loads(row) for (row,) in outbox.connection.execute(query).fetchall()]
    dropped = [(row["coin_id"], row["vs_currency"]) for row in reported if row["state"] == "not_asked"]
    assert dropped == [("avalanche", "usd")]
    assert caplog.text.count("avalanche: they are not asked for any more") == 1


def test_an_id_that_is_asked_for_again_is_as_unknown_as_it_was(
    server: ScriptedServer, run: Callable[..., PollerSummary], caplog: pytest.LogCaptureFixture
) -> None:
    server.replies = [coins("bitcoin")]
    for ids in (["bitcoin", "avalanche"], ["bitcoin"], ["bitcoin", "avalanche"]):
        run(RecordingProducer(), coingecko_ids=ids, postgres_port=1)
    assert caplog.text.count("avalanche: CoinGecko does not know them") == 2


def test_a_coin_that_has_left_the_top_keeps_its_state(
    server: ScriptedServer, run: Callable[..., PollerSummary], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    server.replies = [Reply(b'[{"id": "new", "current_price": null}]'), coins("bitcoin")]
    run(RecordingProducer(), max_polls=2, coingecko_ids=[], coingecko_top_n=1, postgres_port=1)
    assert "new: CoinGecko has no price" in caplog.text
    assert "not asked for" not in caplog.text


@pytest.mark.parametrize(
    ("reply", "on_flush", "missing"),
    [
        (coins("bitcoin"), acknowledge, None),
        (Reply(b"[]"), acknowledge, "No price was polled: .*COINGECKO_IDS"),
        (Reply(b"<html>"), acknowledge, "No price was polled: the lines above"),
        (coins("bitcoin", "ether"), time_out, "Kafka has not confirmed 4 messages, .*KAFKA_BOOTSTRAP_SERVERS"),
    ],
)
def test_polls_without_prices_or_without_kafka_say_what_is_missing(
    server: ScriptedServer,
    run: Callable[..., PollerSummary],
    reply: Reply,
    on_flush: Callable[[list[Sent]], None],
    missing: str | None,
) -> None:
    server.replies = [reply]
    summary = run(RecordingProducer(on_flush), max_polls=2, monotonic=itertools.count().__next__)
    assert (summary.missing is None) == (missing is None)
    assert re.match(missing or "", summary.missing or "")


def test_between_two_polls_what_waits_is_delivered_and_reported(server: ScriptedServer, tmp_path: Path) -> None:
    """On a plan whose credits are spent, the next poll is weeks away."""
    server.replies = [coins("bitcoin")]
    stop, uploads, delivered = threading.Event(), [], []

    def come_back_after_the_first_upload(sent: list[Sent]) -> None:
        if not uploads:
            raise KafkaTimeoutError
        delivered.append(stop.is_set())
        acknowledge(sent)

    def hang_up() -> None:
        with contextlib.suppress(OSError):  # its end
            while True:
                connection, _ = postgres.accept()
                uploads.append(len(server.asked))
                if len(uploads) > 1:
                    stop.set()
                connection.close()

    with socket.create_server(("127.0.0.1", 0)) as postgres:
        threading.Thread(target=hang_up, daemon=True).start()
        too_late = threading.Timer(20, stop.set)
        too_late.start()
        settings = Settings(
            _env_file=None,
            coinloom_home=tmp_path,
            coingecko_base_url=server.url,
            coingecko_ids=["bitcoin"],
            coingecko_credits_per_month=1,
            poll_interval_seconds=0.05,
            postgres_port=postgres.getsockname()[1],
        )
        summary = run_poller(
            settings,
            stop=stop,
            producer=RecordingProducer(come_back_after_the_first_upload),
            topic=EmptyTopic(),
            now=lambda: NOW,
            monotonic=itertools.count().__next__,
        )
        too_late.cancel()
    assert summary == PollerSummary(polls=1, messages=1)
    assert delivered == [False]
    assert uploads[:2] == [1, 1]


def test_a_stop_request_ends_after_the_current_poll_with_everything_flushed(
    server: ScriptedServer, tmp_path: Path
) -> None:
    server.replies = [coins("bitcoin")]
    stop = threading.Event()

    def stop_and_acknowledge(sent: list[Sent]) -> None:
        stop.set()
        acknowledge(sent)

    producer = RecordingProducer(stop_and_acknowledge)
    settings = Settings(_env_file=None, coinloom_home=tmp_path, coingecko_base_url=server.url, coingecko_top_n=1)
    assert run_poller(settings, stop=stop, producer=producer, topic=EmptyTopic()).polls == 1
    assert [message.is_done for message in producer.sent] == [True]


def test_a_stop_request_ends_a_long_back_off_at_once(server: ScriptedServer, tmp_path: Path) -> None:
    server.replies = [Reply(b"", 429, {"Retry-After": "3000"})]
    stop = threading.Event()
    threading.Timer(0.2, stop.set).start()
    settings = Settings(_env_file=None, coinloom_home=tmp_path, coingecko_base_url=server.url)
    producer = RecordingProducer()
    summary = run_poller(settings, stop=stop, producer=producer, topic=EmptyTopic())
    assert (summary, producer.sent) == (PollerSummary(polls=1, failed_polls=0), [])


def test_polling_goes_on_while_the_broker_is_away_and_the_next_start_sends_what_waits(
    server: ScriptedServer, run: Callable[..., PollerSummary], caplog: pytest.LogCaptureFixture
) -> None:
    server.replies = [coins("bitcoin", "ether")]
    away, back = RecordingProducer(time_out), RecordingProducer()
    run(away, max_polls=2, monotonic=itertools.count().__next__)
    assert caplog.text.count("which wait on disk") == 3
    run(back, max_polls=1)
    assert [(sent.key, sent.body, sent.headers) for sent in back.sent[:4]] == [
        (sent.key, sent.body, sent.headers) for sent in away.sent
    ]
    assert len(back.sent) == 6
    again = RecordingProducer()
    run(again, max_polls=1)
    assert len(again.sent) == 2


def message_of(number: int) -> Message:
    return Message(str(number).encode(), b"{}", [])


def test_a_broker_that_comes_back_confirms_the_earlier_messages() -> None:
    producer = RecordingProducer(time_out)
    sender = Sender(producer, "prices")
    sender.send(message_of(1))
    with pytest.raises(NotAcknowledged):
        sender.flush(1)
    sender.send(message_of(2))
    producer.on_flush = acknowledge
    sender.flush(1)
    assert (len(producer.sent), sender.unacknowledged) == (2, 0)


def test_a_message_that_failed_is_raised_at_the_flush_and_counted_once() -> None:
    def fail_the_second(sent: list[Sent]) -> None:
        sent[1].exception = MessageSizeTooLargeError("too large")
        acknowledge(sent)

    sender = Sender(RecordingProducer(fail_the_second), "prices")
    for number in range(3):
        sender.send(message_of(number))
    with pytest.raises(DeliveryFailed, match=r"1 messages .* prices: .*too large"):
        sender.flush(1)
    assert sender.unacknowledged == 0
    sender.flush(1)


def test_no_more_messages_are_under_way_than_allowed() -> None:
    producer = RecordingProducer()
    sender = Sender(producer, "prices", max_unacknowledged=10)
    for number in range(25):
        sender.send(message_of(number))
        assert sender.unacknowledged <= 10
    sender.flush(1)
    assert (len(producer.sent), sender.unacknowledged) == (25, 0)


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["--interval-seconds", "0"], "POLL_INTERVAL_SECONDS"),
        (["--vs-currencies", ","], "COINGECKO_VS_CURRENCIES"),
    ],
)
def test_a_wrong_option_is_exit_code_2_and_names_the_setting(arguments: list[str], named: str) -> None:
    result = CliRunner().invoke(ingestion.__main__.app, arguments)
    assert result.exit_code == 2
    assert named in result.stderr


def test_a_plan_without_its_key_is_exit_code_2(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COINGECKO_PLAN", "pro")
    monkeypatch.setenv("COINGECKO_API_KEY", " ")
    result = CliRunner().invoke(ingestion.__main__.app, ["--once"])
    assert result.exit_code == 2
    assert "COINGECKO_API_KEY" in result.stderr
