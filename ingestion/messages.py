"""One price update, and the Kafka message that carries it.

All that sends prices goes through here, so a backfilled row and a live row have the same shape and key.
"""

import json
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

import msgspec

from coinloom.clock import iso_milliseconds, read_instant

SCHEMA_VERSION = b"1.0"

Headers = list[tuple[str, bytes]]
Number = int | float


class Source(StrEnum):
    """Where an update came from; the value of the header `source`."""

    LIVE = "live"
    BACKFILL = "backfill"


class PriceUpdate(msgspec.Struct, frozen=True):
    """One coin in one quote currency, as seen once. The fields are those of the message, in its order.

    Prices, market cap and volume are in units of `vs_currency`, the change of the price is in percent.
    `last_updated_at` is the event time, null when CoinGecko does not say. Values that CoinGecko gives in an unexpected
    type pass through: the stream puts them in quarantine with a reason, which is better than losing them here.
    """

    coin_id: str | None
    symbol: str | None
    name: str | None
    vs_currency: str
    price: Number | None
    market_cap: Number | None
    market_cap_rank: int | None
    volume_24h: Number | None
    high_24h: Number | None
    low_24h: Number | None
    price_change_24h_pct: Number | None
    last_updated_at: str | None
    fetched_at: str


class Message(msgspec.Struct, frozen=True):
    """What goes to Kafka: `key` is the coin id, `value` the update as JSON; in a replay, whatever it was, or None."""

    key: bytes | None
    value: bytes | None
    headers: Headers


_to_json = msgspec.json.Encoder().encode
_to_strict_json = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode


def from_markets_row(row: Mapping[str, Any], vs_currency: str, fetched_at: datetime) -> PriceUpdate:
    """One row of `/coins/markets` as an update. Absent fields become null; numbers are not touched."""
    return PriceUpdate(
        coin_id=row.get("id"),
        symbol=row.get("symbol"),
        name=row.get("name"),
        vs_currency=vs_currency,
        price=row.get("current_price"),
        market_cap=row.get("market_cap"),
        market_cap_rank=row.get("market_cap_rank"),
        volume_24h=row.get("total_volume"),
        high_24h=row.get("high_24h"),
        low_24h=row.get("low_24h"),
        price_change_24h_pct=row.get("price_change_percentage_24h"),
        last_updated_at=_event_time(row.get("last_updated")),
        fetched_at=iso_milliseconds(fetched_at),
    )


def message_headers(poll_id: UUID, source: Source) -> Headers:
    """The headers that all messages of one poll, or of one file, share."""
    return [("schema-version", SCHEMA_VERSION), ("poll-id", str(poll_id).encode()), ("source", source.encode())]


def encode(update: PriceUpdate, headers: Headers) -> Message:
    """The update as a Kafka message. Raises ValueError for a number that JSON cannot hold."""
    key = "" if update.coin_id is None else str(update.coin_id)
    return Message(_utf8(key), _json(update), headers)


def _json(update: PriceUpdate) -> bytes:
    """By msgspec, but for what it cannot write (half an emoji, a very large integer) or writes as null (NaN)."""
    with suppress(UnicodeEncodeError, OverflowError):
        text = _to_json(update)
        if text.count(b"null") == msgspec.structs.astuple(update).count(None):
            return text
    return _utf8(_to_strict_json(msgspec.structs.asdict(update)))


def _utf8(text: str) -> bytes:
    # An emoji symbol that was cut in half arrives as a lone surrogate, which UTF-8 has no bytes for.
    return text.encode("utf-8", errors="replace")


def _event_time(value: Any) -> Any:
    """The API's `last_updated` in our notation; what is not a timestamp is left for the stream to reject."""
    if not isinstance(value, str):
        return value
    try:
        return iso_milliseconds(read_instant(value))
    except ValueError:
        return value
