"""`coinloom quarantine` on a real broker, a real stream and both sinks: counted alike, sent again once."""

from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from coinloom.clock import utc_now
from coinloom.settings import Settings, Sink
from commands.counts import count_messages
from ingestion.messages import Message, PriceUpdate, Source, encode, message_headers
from ingestion.topic import open_topic
from quarantine.sinks import count_by_reason, quarantine_of
from stores.database import connect
from tests.commands import run_command
from tests.integration.streams import send
from tests.integration.warm_stream import WarmStream
from tests.stacks import elsewhere

TIME = "2026-11-22T10:00:00.000Z"
HEADERS = message_headers(UUID(int=7), Source.LIVE)
NOT_JSON = [Message(b"bitcoin", b"\xff\x00 garbage %d" % number, HEADERS) for number in range(600)]
NO_KEY = Message(None, b"[]", HEADERS)
TOMBSTONE = Message(b"bitcoin", None, [])
GOOD = encode(PriceUpdate("bitcoin", "btc", "Bitcoin", "usd", 1.5, *[None] * 6, TIME, TIME), HEADERS)
REJECTED_BY_AN_OLDER_RELEASE = """
    insert into quarantine.crypto_prices
        (kafka_topic, kafka_partition, kafka_offset, produced_at,
        raw_value, schema_version, reason, landed_at, landed_hour)
    select 'an-older-topic', 0, 1, now(), %s, '1.0', 'invalid_price', now(), max(landed_hour)
    from quarantine.crypto_prices
"""


@pytest.fixture(scope="module")
def rejected(stack: Settings, warm_stream: WarmStream, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """602 bad messages in the quarantine of both sinks, and a good one in landing."""
    settings = elsewhere(stack, "quarantine-test", tmp_path_factory.mktemp("quarantine"))
    send(settings, [*NOT_JSON, NO_KEY, TOMBSTONE, GOOD])
    warm_stream.land(settings)
    return settings


def on_the_topic(settings: Settings) -> list[Any]:
    with open_topic(settings) as topic:
        return list(topic.records(since={}, until=topic.ends()))


def reasons(settings: Settings, sink: Sink) -> dict[str, int]:
    return {count.reason: count.messages for count in count_by_reason(settings, sinks=[sink])}


def landed(settings: Settings) -> list[tuple[str, float]]:
    with connect(settings) as connection:
        return connection.execute("select coin_id, price from landing.crypto_prices").fetchall()


def test_both_sinks_count_the_same(rejected: Settings) -> None:
    expected = {"not_json": 600, "not_an_object": 1, "unknown_schema_version": 1}
    assert [reasons(rejected, sink) for sink in Sink] == [expected, expected]
    for count in count_by_reason(rejected):
        assert timedelta(0) <= utc_now() - count.first_landed_at < timedelta(minutes=10), count
    assert places(rejected, Sink.PARQUET) == places(rejected, Sink.POSTGRES)
    assert {count.sample for count in count_by_reason(rejected)} <= places(rejected, Sink.PARQUET)


def places(settings: Settings, sink: Sink) -> set[str]:
    return {message.place for batch in quarantine_of(settings, sink).batches((), "") for message in batch}


def test_the_command_shows_both_sinks(rejected: Settings) -> None:
    output = run_command(rejected, "coinloom", "quarantine")
    for expected in ("parquet", "postgres", "not_json", "600", "quarantine-test/"):
        assert expected in output
    later = f"{utc_now() + timedelta(hours=1):%Y-%m-%dT%H}"
    assert "Nothing is in quarantine" in run_command(rejected, "coinloom", "quarantine", "--since-hour", later)


@pytest.mark.parametrize("sink", Sink)
def test_each_message_is_sent_again_once_as_it_was(rejected: Settings, sink: Sink, tmp_path: Path) -> None:
    """From either sink; the log of the other one is not known here, so both send."""
    settings = rejected.model_copy(update={"landing_sinks": [sink], "coinloom_home": tmp_path})
    before = count_messages(settings)
    in_quarantine = len(places(settings, sink))
    one_reason = run_command(settings, "coinloom", "quarantine", "replay", "--reason", "not_an_object")
    assert "1 messages of the quarantine" in one_reason
    output = run_command(settings, "coinloom", "quarantine", "replay")
    assert f"{in_quarantine - 1:,} messages of the quarantine in {sink} are on the topic" in output
    assert "0 messages" in run_command(settings, "coinloom", "quarantine", "replay")
    assert count_messages(settings) == before + in_quarantine


def test_a_replayed_message_is_the_same_but_for_its_origin(rejected: Settings) -> None:
    records = on_the_topic(rejected)
    originals = {f"{record.topic}/{record.partition}/{record.offset}": record for record in records}
    replayed = [record for record in records if "replayed-from" in dict(record.headers)]
    assert len(replayed) >= 602
    for record in replayed:
        *headers, (name, origin) = record.headers
        original = originals[origin.decode()]
        assert name == "replayed-from"
        assert (record.key, record.value, headers) == (original.key, original.value, original.headers)


def test_what_is_good_by_now_lands_and_what_is_not_comes_back(
    rejected: Settings, warm_stream: WarmStream, tmp_path: Path
) -> None:
    settings = rejected.model_copy(update={"coinloom_home": tmp_path})
    from_postgres = settings.model_copy(update={"landing_sinks": [Sink.POSTGRES]})
    with connect(settings) as connection:
        connection.execute(REJECTED_BY_AN_OLDER_RELEASE, [GOOD.value])
    before = {sink: reasons(settings, sink)["not_an_object"] for sink in Sink}
    assert landed(settings) == [("bitcoin", 1.5)]
    for reason in ("invalid_price", "not_an_object"):
        run_command(from_postgres, "coinloom", "quarantine", "replay", "--reason", reason)
    warm_stream.land(settings)
    assert landed(settings) == [("bitcoin", 1.5)] * 2
    assert all(reasons(settings, sink)["not_an_object"] > before[sink] for sink in Sink)


def test_a_sink_that_is_away_is_a_clear_error(rejected: Settings) -> None:
    away = rejected.model_copy(update={"postgres_password": rejected.bi_reader_password})
    output = run_command(away, "coinloom", "quarantine", expect=1)
    assert "POSTGRES_PASSWORD" in output
    assert "Traceback" not in output
    assert count_by_reason(away, sinks=[Sink.PARQUET])
