"""What each stage holds in the end, read without Spark."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow.dataset
from pyarrow.fs import FileSystem, FileType

from chaos.pipeline import record_file
from coinloom.settings import Settings, Sink
from ingestion.topic import open_topic
from serving.marts import read_marts
from stores.database import connect
from stores.lake_files import arrow_address

Row = tuple[Any, ...]
Offset = tuple[int, int]
"""Partition and offset."""


@dataclass(slots=True)
class Evidence:
    """`answers` are those of the simulator and `polls` the rows of each poll on the topic: (coin, price, time).

    `landed` and `quarantined` say how often each offset is there, by sink; `ends` how far each partition reaches.
    """

    answers: Counter[frozenset[Row]] = field(default_factory=Counter)
    polls: dict[str, list[Row]] = field(default_factory=dict)
    ends: dict[int, int] = field(default_factory=dict)
    landed: dict[Sink, Counter[Offset]] = field(default_factory=dict)
    quarantined: dict[Sink, Counter[Offset]] = field(default_factory=dict)


def gather(settings: Settings) -> Evidence:
    """All of it, from the record, the broker and both sinks."""
    polls, ends = _on_the_topic(settings)
    return Evidence(
        answers=Counter(map(frozenset, _answers(record_file(settings)))),
        polls=polls,
        ends=ends,
        landed={sink: _offsets(settings, sink, "landing") for sink in Sink},
        quarantined={sink: _offsets(settings, sink, "quarantine") for sink in Sink},
    )


def mart_rows(settings: Settings) -> dict[str, Counter[Row]]:
    """The rows of every mart in PostgreSQL."""
    with connect(settings) as connection:
        return {
            mart.name: Counter(connection.execute(f"select * from marts.{mart.name}").fetchall())  # noqa: S608
            for mart in read_marts()
        }


def _answers(record: Path) -> Iterator[list[Row]]:
    for line in record.read_text().splitlines():
        yield [(coin, price, _moment(updated)) for coin, price, updated in json.loads(line)]


def _on_the_topic(settings: Settings) -> tuple[dict[str, list[Row]], dict[int, int]]:
    polls: dict[str, list[Row]] = defaultdict(list)
    with open_topic(settings) as topic:
        ends = topic.ends()
        for record in topic.records(since={}, until=ends):
            update = json.loads(record.value)
            row = (update["coin_id"], update["price"], _moment(update["last_updated_at"]))
            polls[dict(record.headers)["poll-id"].decode()].append(row)
    return polls, ends


def _offsets(settings: Settings, sink: Sink, schema: str) -> Counter[Offset]:
    if sink is Sink.POSTGRES:
        with connect(settings) as connection:
            query = f"select kafka_partition, kafka_offset from {schema}.crypto_prices"  # noqa: S608 names of ours
            return Counter(connection.execute(query).fetchall())
    lake, folder = FileSystem.from_uri(arrow_address(f"{settings.lake}/{schema}/crypto_prices"))
    if lake.get_file_info(folder).type is FileType.NotFound:
        return Counter()
    files = pyarrow.dataset.dataset(folder, filesystem=lake, format="parquet", partitioning="hive")
    table = files.to_table(columns=["kafka_partition", "kafka_offset"])
    return Counter(zip(*(column.to_pylist() for column in table.columns), strict=True))


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
