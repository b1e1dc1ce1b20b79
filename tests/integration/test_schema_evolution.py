"""Messages of other schema versions, and a table that got a column while the stream runs."""

import json
from pathlib import Path
from uuid import UUID

import pytest
from msgspec.structs import asdict

from coinloom.settings import Settings
from ingestion.messages import Message, PriceUpdate, Source, message_headers
from stores.database import connect
from tests.integration.streams import by_place, in_files, in_postgres, send
from tests.integration.warm_stream import WarmStream
from tests.stacks import elsewhere

TIME = "2026-11-22T10:00:00.000Z"
UPDATE = PriceUpdate("bitcoin", "btc", "Bitcoin", "usd", 1.5, None, None, None, None, None, None, TIME, TIME)
NEW_FIELDS = {"circulating_supply": 19_000_000, "roi": {"times": 2.5, "currency": "usd"}, "tags": ["a", "b"]}


@pytest.fixture
def own(stack: Settings, tmp_path: Path, request: pytest.FixtureRequest) -> Settings:
    return elsewhere(stack, f"evolution-{len(request.node.name)}", tmp_path)


def message(coin_id: str, version: bytes, **new_fields: object) -> Message:
    _, *others = message_headers(UUID(int=7), Source.LIVE)
    value = json.dumps(asdict(UPDATE) | {"coin_id": coin_id} | new_fields).encode()
    return Message(coin_id.encode(), value, [("schema-version", version), *others])


def test_a_minor_version_lands_with_fields_that_nobody_knows_and_a_major_one_does_not(
    own: Settings, warm_stream: WarmStream
) -> None:
    messages = [message("now", b"1.0"), message("minor", b"1.1", **NEW_FIELDS), message("major", b"2.0", **NEW_FIELDS)]
    send(own, messages)
    warm_stream.land(own)
    for rows in (in_files, in_postgres):
        landed = {row["coin_id"]: (row["schema_version"], row["price"]) for row in rows(own, "landing")}
        assert landed == {"now": ("1.0", 1.5), "minor": ("1.1", 1.5)}
        (rejected,) = rows(own, "quarantine")
        assert (rejected["reason"], rejected["schema_version"]) == ("unknown_schema_version", "2.0")
        assert rejected["raw_value"] == messages[-1].value


def test_a_column_more_in_postgres_does_not_stop_the_sink(own: Settings, warm_stream: WarmStream) -> None:
    for number, table in enumerate(
        ("landing.crypto_prices", "landing.crypto_prices_incoming", "quarantine.crypto_prices")
    ):
        with connect(own) as connection:
            connection.execute(f"alter table {table} add column note text default 'none'")  # type: ignore[arg-type]
        send(own, [message(f"coin-{number}", b"1.0"), message("major", b"2.0")])
        warm_stream.land(own)
        assert len(in_postgres(own, "landing")) == len(in_postgres(own, "quarantine")) == number + 1
    landed = by_place([{**row} for row in in_postgres(own, "landing")])
    assert {row.pop("note") for row in landed.values()} == {"none"}
    assert landed == by_place(in_files(own, "landing"))
