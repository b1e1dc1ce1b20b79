"""A large batch becomes several files, and whatever an earlier attempt at it has left, each message is there once."""

from collections import Counter
from pathlib import Path

import pyarrow.parquet
import pytest
from pyspark.sql import SparkSession

from coinloom.settings import Settings, Sink
from spark_streaming.parquet_sink import ParquetSink
from tests.sinks.batches import BAD_ONE_IN, LARGE, STREAM, TASKS, TOPIC, rows, staging


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(lake_root=str(tmp_path / "lake"), kafka_topic=TOPIC)


def new_sink(spark: SparkSession, settings: Settings) -> ParquetSink:
    return ParquetSink(spark, settings.lake, staging(spark, settings, Sink.PARQUET))


def offsets(settings: Settings, table: str) -> Counter[int]:
    files = Path(settings.lake, table).rglob("*.parquet")
    return Counter(offset for file in files for offset in pyarrow.parquet.read_table(file)["kafka_offset"].to_pylist())


def names(settings: Settings, table: str) -> list[str]:
    return sorted(file.name for file in Path(settings.lake, table).rglob("*.parquet"))


def test_a_small_batch_is_one_file(settings: Settings, spark: SparkSession) -> None:
    assert new_sink(spark, settings).write(rows(spark, 1, 2), 0) == 1
    assert names(settings, "landing") == [f"{STREAM}-0000000000.parquet"]
    assert names(settings, "quarantine") == []


def test_a_large_batch_that_is_repeated_is_there_once(settings: Settings, spark: SparkSession) -> None:
    sink = new_sink(spark, settings)
    hour = Path(settings.lake, "landing", "crypto_prices", "landed_hour=2026-11-18T11")
    hour.mkdir(parents=True)
    left_over = hour / f"{STREAM}-0000000001-7.parquet"
    left_over.write_bytes(b"of an attempt that had more files")
    for _ in range(2):
        assert sink.write(rows(spark, 1, 1 + LARGE), 1) == LARGE
        landed, rejected = offsets(settings, "landing"), offsets(settings, "quarantine")
        assert landed + rejected == Counter(range(1, 1 + LARGE))
        assert sorted(rejected) == list(range(BAD_ONE_IN, 1 + LARGE, BAD_ONE_IN))
        assert len(names(settings, "landing")) == TASKS
        assert names(settings, "quarantine") == [f"{STREAM}-0000000001.parquet"]
    assert list(Path(settings.lake, "_staging").rglob("*.parquet")) == []


@pytest.mark.parametrize(("first", "then"), [(5, 100), (100, 5), (1, 100), (100, 1)])
def test_what_another_release_makes_of_a_repeated_batch_is_there_once(
    settings: Settings, spark: SparkSession, first: int, then: int
) -> None:
    for bad_one_in in (first, then):
        new_sink(spark, settings).write(rows(spark, 1, 10, bad_one_in), 0)
        landed, rejected = offsets(settings, "landing"), offsets(settings, "quarantine")
        assert landed + rejected == Counter(range(1, 10))
        assert sorted(rejected) == list(range(bad_one_in, 10, bad_one_in))
