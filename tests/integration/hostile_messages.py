"""Messages that nobody should send, by kind, made from a seed, and good ones among them."""

import json
from collections.abc import Callable, Iterator
from random import Random
from typing import Any
from uuid import UUID

from msgspec.structs import replace

from ingestion.messages import Message, Source, message_headers
from tests.integration.hostile_values import (
    AFTER,
    FRAGMENTS,
    HUGE,
    NOT_NUMBERS,
    SURROGATES,
    TIMESTAMPS,
    TOP_LEVEL,
    VERSIONS,
    WRONG,
)

HEADERS = message_headers(UUID(int=7), Source.LIVE)
NUMBERS = ("price", "market_cap", "market_cap_rank", "volume_24h", "high_24h", "low_24h", "price_change_24h_pct")
TEXTS = ("coin_id", "symbol", "name", "vs_currency")
TIMES = ("last_updated_at", "fetched_at")

Fields = dict[str, str]
Maker = Callable[[Random, Fields], Message]


def hostile_messages(seed: int, of_each_kind: int) -> Iterator[tuple[str, Message]]:
    """Kind and message, in random order. Good rows are the kind `good`; their coin ids are all different."""
    rng = Random(seed)  # noqa: S311 nothing here is secret
    kinds = [kind for kind in KINDS for _ in range(of_each_kind)]
    rng.shuffle(kinds)
    for number, kind in enumerate(kinds):
        yield kind, KINDS[kind](rng, _good_fields(rng, number))


def _good_fields(rng: Random, number: int) -> Fields:
    """The fields of a good message, each as JSON text."""
    values: dict[str, Any] = {"coin_id": f"coin-{number}", "symbol": "btc", "name": "Bitcoin 🐕", "vs_currency": "usd"}
    values |= {name: round(rng.uniform(0.001, 1e6), 9) for name in NUMBERS} | {"market_cap_rank": rng.randrange(1, 999)}
    values |= {"last_updated_at": f"2026-11-22T10:00:{rng.randrange(60):02}.123Z", "fetched_at": "2026-11-22T10:00:05Z"}
    return {name: json.dumps(value) for name, value in values.items()}


def _message(fields: Fields) -> Message:
    return Message(b"bitcoin", _object(list(fields.items())), HEADERS)


def _object(pairs: list[tuple[str, str]]) -> bytes:
    members = (f"{json.dumps(name)}: {value}" for name, value in pairs)
    return ("{" + ", ".join(members) + "}").encode("utf-8", errors="surrogatepass")


def _with(names: tuple[str, ...], values: list[str]) -> Maker:
    """One of these fields has one of these values."""
    return lambda rng, fields: _message(fields | {rng.choice(names): rng.choice(values)})


def _with_value(change: Callable[[Random, bytes], bytes | None]) -> Maker:
    def make(rng: Random, fields: Fields) -> Message:
        good = _message(fields)
        return replace(good, value=change(rng, good.value or b""))

    return make


def _flipped(rng: Random, value: bytes) -> bytes:
    flipped = bytearray(value)
    for _ in range(rng.randrange(1, 5)):
        flipped[rng.randrange(len(flipped))] ^= 1 << rng.randrange(8)
    return bytes(flipped)


def _deep(rng: Random, value: bytes) -> bytes:
    """Thousands of levels, closed or not, as the message or in a field of it."""
    levels = rng.randrange(1_500, 5_000)
    opened, closed = rng.choice([(b'{"a":', b"}"), (b"[", b"]")])
    nested = opened * levels + b"1" + closed * (levels if rng.random() < 0.5 else 0)
    return nested if rng.random() < 0.5 else value[:-1] + b', "deep": ' + nested + b"}"


def _nested(rng: Random, fields: Fields) -> Message:
    levels = rng.randrange(1, 300)
    name = rng.choice(["deep", "symbol", "market_cap", "coin_id"])
    return _message(fields | {name: '{"a": [' * levels + "1" + "]}" * levels})


def _in_a_text(rng: Random, fields: Fields) -> Message:
    """In the fields, the key and the headers."""
    fragment = rng.choice(FRAGMENTS)
    headers = [
        ("schema-version", b"1.0"),
        ("poll-id", fragment.encode()),
        (fragment, b"x"),
        ("source", fragment.encode()),
    ]
    return replace(_message(fields | {rng.choice(TEXTS): json.dumps(fragment)}), key=fragment.encode(), headers=headers)


def _long(rng: Random, fields: Fields) -> Message:
    length = rng.choice([1_000, 1_001, 60_000, 100_000, 400_000] if rng.random() < 0.1 else [1_000, 1_001, 5_000])
    text = json.dumps("".join(rng.choices("abc☂", k=50)) * (length // 50) + "x" * (length % 50), ensure_ascii=False)
    if rng.random() < 0.2:
        return Message(b"bitcoin", _object([*fields.items(), (text[1:-1], "1")]), HEADERS)
    return _message(fields | {rng.choice([*TEXTS, *TIMES, *NUMBERS, "unknown"]): text})


def _doubled(rng: Random, fields: Fields) -> Message:
    names = rng.choices([*fields], k=2)
    others = [(name, rng.choice([fields[name], *WRONG])) for name in names]
    return Message(b"bitcoin", _object(rng.sample([*fields.items(), *others], len(fields) + 2)), HEADERS)


def _named_otherwise(rng: Random, fields: Fields) -> Message:
    name = rng.choice([*fields])
    others = [name.upper(), f" {name}", f"{name}\0", f"$.{name}", "malformed", "", "value", name[:-1]]
    pairs = {(rng.choice(others) if field == name else field): value for field, value in fields.items()}
    return _message(pairs)


def _headers(rng: Random, fields: Fields) -> Message:
    version = [("schema-version", rng.choice([*VERSIONS, b"1.0"]))]
    others = [
        ("source", rng.randbytes(9)),
        ("poll-id", b"\0"),
        ("", b""),
        ("poll-id", b"p" * 2_000),
        ("x" * 300, b"\xff"),
    ]
    some = rng.sample(others, rng.randrange(len(others)))
    return replace(_message(fields), headers=[*some, *rng.choice([version, version * 2, [], [*version, *HEADERS]])])


def _keys(rng: Random, fields: Fields) -> Message:
    return replace(_message(fields), key=rng.choice([None, b"", b"\xff\xfe", b"\0", b"k" * 10_000]))


def _without(rng: Random, fields: Fields) -> Message:
    gone = rng.sample([*fields], rng.randrange(1, 4))
    return _message({name: value for name, value in fields.items() if name not in gone})


KINDS: dict[str, Maker] = {
    "good": lambda _rng, fields: _message(fields),
    "random bytes": _with_value(lambda rng, _: rng.randbytes(rng.randrange(200))),
    "cut off": _with_value(lambda rng, value: value[: rng.randrange(len(value))]),
    "flipped bits": _with_value(_flipped),
    "thousands of levels": _with_value(_deep),
    "hundreds of levels": _nested,
    "huge or tiny number": _with(NUMBERS, HUGE),
    "huge number as text": _with((*TEXTS, *TIMES), HUGE),
    "not a number": _with(NUMBERS, NOT_NUMBERS),
    "wrong type": _with((*NUMBERS, *TEXTS, *TIMES), WRONG),
    "lone surrogate": _with((*TEXTS, *TIMES, "unknown"), SURROGATES),
    "raw surrogate": _with((*TEXTS, *TIMES, "unknown"), ['"\ud800"', '"a\udc00"']),
    "SQL and paths": _in_a_text,
    "very long text": _long,
    "doubled field": _doubled,
    "field of another name": _named_otherwise,
    "fields missing": _without,
    "byte order mark": _with_value(
        lambda rng, value: rng.choice([b"\xef\xbb\xbf" + value, value.decode().encode("utf-16")])
    ),
    "NUL": _with_value(
        lambda rng, value: rng.choice([b"\0" + value, value.replace(b"b", b"\0"), value.replace(b"coin", rb"\u0000")])
    ),
    "odd instant": _with(TIMES, [json.dumps(text) for text in TIMESTAMPS]),
    "tombstone": _with_value(lambda _rng, _value: None),
    "odd key": _keys,
    "odd headers": _headers,
    "something after the end": _with_value(lambda rng, value: value + rng.choice(AFTER)),
    "not an object": _with_value(lambda rng, _: rng.choice(TOP_LEVEL)),
    "lax JSON": _with_value(
        lambda rng, value: rng.choice(
            [value.replace(b'"', b"'"), b"/* */" + value, value[:-1] + b",}", value.replace(b'"price"', b"price")]
        )
    ),
}
