"""The message: its exact bytes, and what it does with nulls and odd values."""

import json
from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID

import pytest

from coinloom.clock import iso_milliseconds
from ingestion.messages import Source, encode, from_markets_row, message_headers

POLL_ID = UUID("6f1c8f0e-6f5a-4c86-9d5b-0a1b2c3d4e5f")
FETCHED_AT = datetime(2026, 11, 22, 10, 0, 0, 123456, tzinfo=UTC)
HEADERS = message_headers(POLL_ID, Source.LIVE)

FIELDS = [
    "coin_id",
    "symbol",
    "name",
    "vs_currency",
    "price",
    "market_cap",
    "market_cap_rank",
    "volume_24h",
    "high_24h",
    "low_24h",
    "price_change_24h_pct",
    "last_updated_at",
    "fetched_at",
]

ROW = {
    "id": "bitcoin",
    "symbol": "btc",
    "name": "Bitcoin",
    "image": "https://example.org/bitcoin.png",
    "current_price": 42981,
    "market_cap": 1.0e15,
    "market_cap_rank": 1,
    "total_volume": 34510847569.5,
    "high_24h": 47081,
    "low_24h": 1e-11,
    "price_change_percentage_24h": -1.25,
    "last_updated": "2026-11-22T09:59:36.248Z",
}


def message_of(**changes: object) -> dict[str, object]:
    message = encode(from_markets_row({**ROW, **changes}, "usd", FETCHED_AT), HEADERS)
    return json.loads(message.value)


def test_a_row_becomes_exactly_these_bytes() -> None:
    message = encode(from_markets_row(ROW, "usd", FETCHED_AT), HEADERS)
    assert message.key == b"bitcoin"
    assert message.value == (
        b'{"coin_id":"bitcoin","symbol":"btc","name":"Bitcoin","vs_currency":"usd","price":42981,'
        b'"market_cap":1000000000000000.0,"market_cap_rank":1,"volume_24h":34510847569.5,"high_24h":47081,'
        b'"low_24h":1e-11,"price_change_24h_pct":-1.25,"last_updated_at":"2026-11-22T09:59:36.248Z","fetched_at":"2026-11-22T10:00:00.123Z"}'
    )


def test_the_headers_name_schema_poll_and_source() -> None:
    assert message_headers(POLL_ID, Source.BACKFILL) == [
        ("schema-version", b"1.0"),
        ("poll-id", b"6f1c8f0e-6f5a-4c86-9d5b-0a1b2c3d4e5f"),
        ("source", b"backfill"),
    ]


def test_a_coin_without_numbers_is_sent_with_nulls() -> None:
    message = encode(from_markets_row({"id": "ghost", "last_updated": None}, "eur", FETCHED_AT), HEADERS)
    known = {"coin_id": "ghost", "vs_currency": "eur", "fetched_at": "2026-11-22T10:00:00.123Z"}
    assert json.loads(message.value) == dict.fromkeys(FIELDS) | known


@pytest.mark.parametrize("symbol", ["🦍", "ß", "中本聪"])
def test_symbols_are_utf_8_and_not_escaped(symbol: str) -> None:
    message = encode(from_markets_row({**ROW, "symbol": symbol}, "usd", FETCHED_AT), HEADERS)
    assert symbol.encode() in message.value


def test_half_an_emoji_costs_no_message() -> None:
    assert message_of(symbol="\ud83e")["symbol"] == "?"


@pytest.mark.parametrize("price", [float("nan"), float("inf"), {"usd": [float("-inf")]}])
def test_a_number_that_json_has_no_text_for_is_an_error(price: object) -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        message_of(current_price=price)


@pytest.mark.parametrize(
    "price", [2**64, -(2**200), 5e-324, 1.7976931348623157e308, 0.1 + 0.2, 1e16, "null", [None], {"usd": None}, True]
)
def test_every_other_value_goes_through_as_it_is(price: object) -> None:
    assert message_of(current_price=price, name="null")["price"] == price


def test_a_row_without_an_id_is_sent_with_an_empty_key() -> None:
    message = encode(from_markets_row({"current_price": 1}, "usd", FETCHED_AT), HEADERS)
    assert message.key == b""
    assert json.loads(message.value)["coin_id"] is None


@pytest.mark.parametrize(
    ("last_updated", "expected"),
    [
        ("2026-11-22T09:59:36Z", "2026-11-22T09:59:36.000Z"),
        ("2026-11-22T17:59:36.248999+08:00", "2026-11-22T09:59:36.248Z"),
        ("2026-11-22T09:59:36.2", "2026-11-22T09:59:36.200Z"),
        ("yesterday", "yesterday"),
        (1732269576, 1732269576),
        ("0001-01-01T00:00:00+14:00", "0001-01-01T00:00:00+14:00"),
    ],
)
def test_event_times_are_utc_milliseconds_and_oddities_are_left_for_quarantine(
    last_updated: object, expected: object
) -> None:
    assert message_of(last_updated=last_updated)["last_updated_at"] == expected


def test_a_moment_in_another_zone_is_written_in_utc() -> None:
    nepal = timezone(timedelta(hours=5, minutes=45))
    assert iso_milliseconds(datetime(2026, 1, 1, 5, 45, tzinfo=nepal)) == "2026-01-01T00:00:00.000Z"
