"""A topic full of synthetic prices, as the poller would have sent them; one in 10,000 is no price."""

import uuid
from collections.abc import Callable, Iterator

import msgspec
import numpy as np

from benchmarks.fast_producer import FastProducer
from benchmarks.market import Market
from coinloom.clock import iso_milliseconds
from coinloom.settings import Settings
from ingestion.messages import Message, PriceUpdate, Source, encode, message_headers
from ingestion.producer import ensure_topic

COINS = 2_000
POLLS_AT_ONCE = 25
BAD_ONE_IN = 10_000
GARBAGE = b'{"coin_id": "bitcoin", "price": null}'
START = np.datetime64("2026-01-01T00:00", "us")


def fill_topic(settings: Settings, messages: int, say: Callable[[int], None]) -> None:
    """Send so many messages, each confirmed when this returns; `say` hears how many are sent."""
    ensure_topic(settings)
    producer = FastProducer(settings)
    for number, message in zip(range(messages), _messages(), strict=False):
        is_bad = number % BAD_ONE_IN == BAD_ONE_IN - 1
        producer.send(msgspec.structs.replace(message, value=GARBAGE) if is_bad else message)
        if number % 100_000 == 0:
            say(number)
    producer.flush()


def _messages() -> Iterator[Message]:
    market, minute = Market(COINS), START
    while True:
        instants = minute + np.arange(POLLS_AT_ONCE) * np.timedelta64(60, "s")
        minute = instants[-1] + np.timedelta64(60, "s")
        rows = market.polls(instants)
        headers = message_headers(uuid.UUID(int=int(instants[0].astype("int64"))), Source.LIVE)
        columns = [rows[name].to_pylist() for name in PriceUpdate.__struct_fields__]
        for *values, last_updated_at, fetched_at in zip(*columns, strict=True):
            update = PriceUpdate(*values, iso_milliseconds(last_updated_at), iso_milliseconds(fetched_at))
            yield encode(update, headers)
