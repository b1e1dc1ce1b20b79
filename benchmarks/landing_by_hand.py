"""`python -m benchmarks.landing_by_hand FOLDER`: what a user might write instead of the stream.

One process of confluent-kafka, orjson and pyarrow, with one Parquet file for as many messages as the stream has in a
batch. It trusts every message, and after a crash it lands some of them twice. It prints the seconds that it took, from
its first question to the broker.
"""

import itertools
import sys
import time
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.parquet
from confluent_kafka import Consumer, Message, TopicPartition

from coinloom.settings import Settings, read_settings

MESSAGES_AT_ONCE = 10_000
TEXTS = ("coin_id", "symbol", "name", "vs_currency", "last_updated_at", "fetched_at")
NUMBERS = ("price", "market_cap", "volume_24h", "high_24h", "low_24h", "price_change_24h_pct")
INSTANT = pa.timestamp("ms", tz="UTC")


def main() -> None:
    settings, folder = read_settings(), Path(sys.argv[1])
    folder.mkdir(parents=True)
    started = time.monotonic()
    consumer, left = _assigned(settings)
    for number in itertools.count():
        messages: list[Message] = []
        while left and len(messages) < settings.stream_max_offsets_per_trigger:
            new = consumer.consume(min(MESSAGES_AT_ONCE, left), timeout=10)
            messages += new
            left -= len(new)
        if not messages:
            break
        pyarrow.parquet.write_table(_table(messages), folder / f"{number}.parquet")
    consumer.close()
    print(time.monotonic() - started)


def _assigned(settings: Settings) -> tuple[Consumer, int]:
    """A consumer of the whole topic, and how many messages it holds."""
    consumer = Consumer({"bootstrap.servers": settings.kafka_bootstrap_servers, "group.id": "by-hand"})
    partitions = consumer.list_topics(settings.kafka_topic, timeout=10).topics[settings.kafka_topic].partitions
    places = [TopicPartition(settings.kafka_topic, partition, 0) for partition in partitions]
    left = sum(consumer.get_watermark_offsets(place)[1] for place in places)
    consumer.assign(places)
    return consumer, left


def _table(messages: list[Message]) -> pa.Table:
    rows = [orjson.loads(message.value()) for message in messages]
    columns: dict[str, Any] = {
        "kafka_topic": [message.topic() for message in messages],
        "kafka_partition": pa.array([message.partition() for message in messages], pa.int32()),
        "kafka_offset": [message.offset() for message in messages],
        "produced_at": pa.array([message.timestamp()[1] for message in messages], pa.int64()).cast(INSTANT),
    }
    for name in TEXTS:
        columns[name] = pa.array([row.get(name) for row in rows], pa.string())
    for name in NUMBERS:
        columns[name] = pa.array([row.get(name) for row in rows], pa.float64())
    columns["market_cap_rank"] = pa.array([row.get("market_cap_rank") for row in rows], pa.int32())
    for name in ("last_updated_at", "fetched_at"):
        columns[name] = columns[name].cast(INSTANT)
    for place, name in enumerate(("schema_version", "poll_id", "source")):
        columns[name] = [_header(message, place) for message in messages]
    return pa.table(columns)


def _header(message: Message, place: int) -> str:
    return (message.headers() or [])[place][1].decode()


if __name__ == "__main__":
    main()
