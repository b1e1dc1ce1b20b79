"""Each message of a small topic ends as one typed row or as one rejection with its reason.

All messages of this file are classified in one frame, because Spark takes a second for each frame.
"""

import json
from datetime import datetime
from typing import Any

import pytest
from pyspark.sql import Row, SparkSession

from spark_streaming.transforms import (
    LANDING_COLUMNS,
    QUARANTINE_COLUMNS,
    rejected_rows,
    staged_rows,
)

MESSAGE = {
    "coin_id": "bitcoin",
    "symbol": "btc",
    "name": "Bitcoin",
    "vs_currency": "usd",
    "price": 5.6e-11,
    "market_cap": 14384.83,
    "market_cap_rank": 1,
    "volume_24h": 1.0e15,
    "high_24h": None,
    "low_24h": 1,
    "price_change_24h_pct": -2.5,
    "last_updated_at": "2026-11-22T10:00:00.123Z",
    "fetched_at": "2026-11-22T10:00:05.000Z",
}
HEADERS = {"schema-version": b"1.0", "poll-id": b"a-poll", "source": b"live"}
PRODUCED_AT = datetime(2026, 11, 22, 10, 0, 6, 123_456)
KAFKA_SCHEMA = (
    "key binary, value binary, topic string, partition int, offset long, timestamp timestamp, "
    "headers array<struct<key: string, value: binary>>, landed_at timestamp"
)
LANDED_AT = datetime(2026, 11, 22, 10, 0, 30)


def message(**changes: Any) -> bytes:
    return json.dumps(MESSAGE | changes).encode()


def without(field: str) -> bytes:
    return json.dumps({name: value for name, value in MESSAGE.items() if name != field}).encode()


ODD_BUT_USABLE: dict[str, tuple[bytes, dict[str, Any]]] = {
    "unknown field": (message(extra={"deep": [1, 2]}), {"coin_id": "bitcoin"}),
    "big integer": (message(price=12345678901234567890), {"price": 1.2345678901234567e19}),
    "wrong type in an optional field": (
        message(market_cap="many", market_cap_rank="first"),
        {"market_cap": None, "market_cap_rank": None},
    ),
    "NUL and emoji": (message(symbol="a\0b", name="🐕"), {"symbol": None, "name": "🐕"}),
    "rank beyond all integers": (message(market_cap_rank=1e20), {"market_cap_rank": None}),
    "text too long for a name": (message(name="x" * 1_001, symbol="☂" * 1_000), {"name": None, "symbol": "☂" * 1_000}),
    "longest id": (message(coin_id="☂" * 255), {"coin_id": "☂" * 255}),
    "nested": (message(extra=0).replace(b"0}", b'{"a": [' * 300 + b"]}" * 300 + b"}"), {"coin_id": "bitcoin"}),
    "space around it": (b" \n\t" + message() + b"\r\n ", {"coin_id": "bitcoin"}),
    "first year, and fetched a day after it landed": (
        message(last_updated_at="1970-01-01T00:00:00Z", fetched_at="2026-11-23T10:00:30Z"),
        {"last_updated_at": datetime(1970, 1, 1), "fetched_at": datetime(2026, 11, 23, 10, 0, 30)},
    ),
    "60 s ahead": (message(last_updated_at="2026-11-22T10:01:05.000Z"), {"price": 5.6e-11}),
    "other zone": (
        message(last_updated_at="2026-11-22T12:00:00+02:00"),
        {"last_updated_at": datetime(2026, 11, 22, 10)},
    ),
    "event time null": (
        message(last_updated_at=None),
        {"last_updated_at": datetime(2026, 11, 22, 10, 0, 5), "is_event_time_imputed": True},
    ),
    "event time absent": (
        without("last_updated_at"),
        {"last_updated_at": datetime(2026, 11, 22, 10, 0, 5), "is_event_time_imputed": True},
    ),
}

NOT_USABLE: dict[str, tuple[bytes | None, str]] = {
    "garbage": (b"garbage", "not_json"),
    "empty": (b"", "not_json"),
    "tombstone": (None, "not_json"),
    "not UTF-8": (b"\xff\xfe", "not_json"),
    "NaN": (b'{"price": NaN}', "not_json"),
    "too deep": (b'{"a":' * 5000, "not_json"),
    "too deep, closed": (b'{"a":' * 5000 + b"1" + b"}" * 5000, "not_json"),
    "two messages in one": (message() + message(), "not_json"),
    "something after the end": (message() + b" x", "not_json"),
    "something between brackets after the end": (message() + b"] {}", "not_json"),
    "single quotes": (message().replace(b'"', b"'"), "not_json"),
    "byte order mark": (b"\xef\xbb\xbf" + message(), "not_json"),
    "null": (b"null", "not_an_object"),
    "array": (b"[1]", "not_an_object"),
    "number": (b"12", "not_an_object"),
    "no id": (without("coin_id"), "missing_coin_id"),
    "blank id": (message(coin_id=" "), "missing_coin_id"),
    "id is a number": (message(coin_id=5), "missing_coin_id"),
    "NUL in the id": (message(coin_id="a\0b"), "missing_coin_id"),
    "lone surrogate in the id": (message(coin_id="a\udfff"), "missing_coin_id"),
    "id too long": (message(coin_id="x" * 256), "missing_coin_id"),
    "currency too long": (message(vs_currency="x" * 256), "missing_vs_currency"),
    "no currency": (message(vs_currency=None), "missing_vs_currency"),
    "no price": (without("price"), "missing_price"),
    "price null": (message(price=None), "missing_price"),
    "price zero": (message(price=0), "invalid_price"),
    "price negative": (message(price=-1), "invalid_price"),
    "price is text": (message(price="1.5"), "invalid_price"),
    "price is true": (message(price=True), "invalid_price"),
    "price below all prices": (message(price=9.99e-31), "invalid_price"),
    "price above all prices": (message(price=1.01e30), "invalid_price"),
    "price is infinite": (message().replace(b"5.6e-11", b"1e400"), "invalid_price"),
    "price of 400 digits": (message(price=10**399), "invalid_price"),
    "price of 1,000 digits": (message(price=0).replace(b'"price": 0', b'"price": ' + b"9" * 1_000), "invalid_price"),
    "number of 1,001 digits": (message(extra=0).replace(b'"extra": 0', b'"extra": ' + b"9" * 1_001), "not_json"),
    "control character": (message().replace(b"Bit", b"\0it"), "not_json"),
    "price is doubled text": (message(price="1.5")[:-1] + b', "price": "2.5"}', "invalid_price"),
    "no fetch time": (message(fetched_at=None), "unreadable_timestamp"),
    "only a year": (message(last_updated_at="2026"), "unreadable_timestamp"),
    "line feed after the time": (message(last_updated_at="2026-11-22T10:00:00Z\n"), "unreadable_timestamp"),
    "before 1970": (message(last_updated_at="1969-12-31T23:59:59.999Z"), "unreadable_timestamp"),
    "year 10000": (message(fetched_at="9999-12-31T23:59:59-01:00"), "unreadable_timestamp"),
    "no such date": (message(last_updated_at="2026-13-45T99:00:00Z"), "unreadable_timestamp"),
    "epoch seconds": (message(last_updated_at=1763805600), "unreadable_timestamp"),
    "from the future": (message(fetched_at="2026-11-23T10:00:30.001Z"), "event_time_in_the_future"),
    "more than 60 s ahead": (message(last_updated_at="2026-11-22T10:01:05.001Z"), "event_time_in_the_future"),
}

VERSIONS: dict[str, tuple[dict[str, bytes], bool]] = {
    "no version": ({}, False),
    "next major version": ({"schema-version": b"2.0"}, False),
    "later minor version": ({"schema-version": b"1.1"}, True),
    "endless version": ({"schema-version": b"1." + b"9" * 1_000}, False),
    "not to be taken for 1": ({"schema-version": b"10"}, False),
}


class Topic:
    """What became of each message, by the name of its case: landing rows and quarantine rows."""

    def __init__(self, spark: SparkSession) -> None:
        messages: dict[str, tuple[bytes | None, dict[str, bytes]]] = {"valid": (message(), HEADERS)}
        messages |= {name: (value, HEADERS) for name, (value, _) in (ODD_BUT_USABLE | NOT_USABLE).items()}
        messages |= {name: (message(), headers) for name, (headers, _) in VERSIONS.items()}
        self.offsets = {name: offset for offset, name in enumerate(messages)}
        records = [_kafka_record(self.offsets[name], value, headers) for name, (value, headers) in messages.items()]
        staged = staged_rows(spark.createDataFrame(records, KAFKA_SCHEMA)).persist()
        self._valid = staged.where("not is_rejected").drop("is_rejected").collect()
        self._rejected = rejected_rows(staged.where("is_rejected")).collect()
        staged.unpersist()

    def landed(self, name: str) -> list[Row]:
        return [row for row in self._valid if row.kafka_offset == self.offsets[name]]

    def quarantined(self, name: str) -> list[Row]:
        return [row for row in self._rejected if row.kafka_offset == self.offsets[name]]


@pytest.fixture(scope="module")
def topic(spark: SparkSession) -> Topic:
    return Topic(spark)


def test_a_valid_message_lands_with_every_field_typed(topic: Topic) -> None:
    (row,) = topic.landed("valid")
    assert row.asDict() == {
        "kafka_topic": "crypto-prices",
        "kafka_partition": 2,
        "kafka_offset": topic.offsets["valid"],
        "produced_at": datetime(2026, 11, 22, 10, 0, 6, 123_000),
        "coin_id": "bitcoin",
        "symbol": "btc",
        "name": "Bitcoin",
        "vs_currency": "usd",
        "price": 5.6e-11,
        "market_cap": 14384.83,
        "market_cap_rank": 1,
        "volume_24h": 1.0e15,
        "high_24h": None,
        "low_24h": 1.0,
        "price_change_24h_pct": -2.5,
        "last_updated_at": datetime(2026, 11, 22, 10, 0, 0, 123_000),
        "is_event_time_imputed": False,
        "fetched_at": datetime(2026, 11, 22, 10, 0, 5),
        "poll_id": "a-poll",
        "source": "live",
        "schema_version": "1.0",
        "landed_at": LANDED_AT,
    }
    assert list(row.asDict()) == LANDING_COLUMNS
    assert topic.quarantined("valid") == []


@pytest.mark.parametrize("name", ODD_BUT_USABLE)
def test_what_is_odd_but_usable_lands(topic: Topic, name: str) -> None:
    (row,) = topic.landed(name)
    expected = ODD_BUT_USABLE[name][1]
    assert {column: row[column] for column in expected} == expected
    assert topic.quarantined(name) == []


@pytest.mark.parametrize("name", NOT_USABLE)
def test_what_cannot_be_used_is_rejected_with_its_reason(topic: Topic, name: str) -> None:
    value, reason = NOT_USABLE[name]
    (rejection,) = topic.quarantined(name)
    assert rejection.reason == reason
    assert rejection.raw_value == (None if value is None else bytearray(value))
    assert (rejection.kafka_topic, rejection.kafka_partition) == ("crypto-prices", 2)
    assert list(rejection.asDict()) == QUARANTINE_COLUMNS
    assert topic.landed(name) == []


@pytest.mark.parametrize("name", VERSIONS)
def test_only_the_known_major_schema_version_lands(topic: Topic, name: str) -> None:
    lands = VERSIONS[name][1]
    assert len(topic.landed(name)) == int(lands)
    assert [row.reason for row in topic.quarantined(name)] == ([] if lands else ["unknown_schema_version"])


def _kafka_record(offset: int, value: bytes | None, headers: dict[str, bytes]) -> tuple[Any, ...]:
    pairs = [(name, bytearray(content)) for name, content in headers.items()]
    raw = None if value is None else bytearray(value)
    return bytearray(b"bitcoin"), raw, "crypto-prices", 2, offset, PRODUCED_AT, pairs, LANDED_AT
