"""What the contract says of a message, in plain Python: the reason why it is rejected, or None if it lands.

Written from docs and design, not from the stream's SQL, to which it is compared.
"""

import json
import re
import time
from datetime import UTC, datetime, timedelta
from typing import Any

from ingestion.messages import Message

INSTANT = re.compile(r"(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2})(?:\.(\d{1,9}))?(Z|[+-]\d{2}:[0-5]\d)")
LONGEST_OFFSET = timedelta(hours=18)
# For the parser that Spark uses; it takes 1,000 levels, as Python's does.
LONGEST_NAME, LONGEST_NUMBER = 50_000, 1_000
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def verdict(message: Message) -> str | None:
    versions = [value for name, value in message.headers if name == "schema-version"]
    if not versions or versions[0].split(b".")[0] != b"1" or not _is_text(versions[0], 1_000):
        return "unknown_schema_version"
    try:
        fields = _parsed(message.value)
    except (ValueError, RecursionError):
        return "not_json"
    return _verdict(fields) if isinstance(fields, dict) else "not_an_object"


def _verdict(fields: dict[str, Any]) -> str | None:
    price = fields.get("price")
    fetched_at, updated_at = _instant(fields.get("fetched_at")), _instant(fields.get("last_updated_at"))
    if fields.get("last_updated_at") is None:
        updated_at = fetched_at
    if not _is_key(fields.get("coin_id")):
        return "missing_coin_id"
    if not _is_key(fields.get("vs_currency")):
        return "missing_vs_currency"
    if price is None:
        return "missing_price"
    if not isinstance(price, float) or not 1e-30 <= price <= 1e30:
        return "invalid_price"
    if fetched_at is None or updated_at is None:
        return "unreadable_timestamp"
    is_ahead = updated_at - fetched_at > 60_000 or fetched_at - time.time() * 1_000 > 24 * 3_600_000
    return "event_time_in_the_future" if is_ahead else None


def _parsed(value: bytes | None) -> Any:
    """Strict JSON in UTF-8, every number a float. Raises ValueError."""
    if value is None:
        raise ValueError("a tombstone")

    def refuse(word: str) -> None:
        raise ValueError(word)

    def named(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        if any(len(name) > LONGEST_NAME for name, _ in pairs):
            raise ValueError("a name that is too long")
        return dict(pairs)

    def number(digits: str) -> float:
        if len(digits.lstrip("-")) > LONGEST_NUMBER:
            raise ValueError("a number that is too long")
        return float(digits)

    text = value.decode("utf-8")
    return json.loads(text, parse_int=number, parse_float=number, parse_constant=refuse, object_pairs_hook=named)


def _is_key(value: Any) -> bool:
    if not isinstance(value, str) or value.strip(" ") == "" or len(value) > 255:
        return False
    return _is_text(value.encode("utf-8", errors="surrogatepass"), 255)


def _is_text(value: bytes, longest: int) -> bool:
    try:
        return len(value.decode("utf-8")) <= longest and b"\0" not in value
    except UnicodeDecodeError:
        return False


def _instant(value: Any) -> int | None:
    """Whole milliseconds since 1970, in a year of four digits."""
    found = INSTANT.fullmatch(value) if isinstance(value, str) and value.isascii() else None
    if found is None:
        return None
    moment, fraction, zone = found.groups()
    try:
        aware = datetime.fromisoformat(moment + zone)
        utc = aware.astimezone(UTC)
    except (ValueError, OverflowError):  # no such date, or not in the years 1 to 9999
        return None
    if abs(aware.utcoffset() or timedelta(0)) > LONGEST_OFFSET:
        return None
    if utc < EPOCH:
        return None
    seconds = int((utc - EPOCH) // timedelta(seconds=1))
    return seconds * 1_000 + int((fraction or "").ljust(9, "0")[:3])
