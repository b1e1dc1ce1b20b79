"""A large batch becomes several files, and whatever an earlier attempt at it has left, each message is there once."""

import json
from collections import Counter
from pathlib import Path

import pyarrow.parquet
import pytest
from pyspark.sql import DataFrame, SparkSession

from coinloom.settings import Settings
from spark_streaming.parquet_sink import ParquetSink
from spark_streaming.staging import SMALL_BATCH, Staging
from spark_streaming.transforms import staged_rows

STREAM, TASKS = "4f9c", 3
LARGE = SMALL_BATCH + 1
BAD_ONE_IN = 1_000
BATCH_TIMES = [1_795_000_000_000, 1_795_000_030_000]  # Unix milliseconds, of an hour that is 2026-11-18T11


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(lake_root=str(tmp_path / "lake"), kafka_topic="crypto-prices")


@pytest.fixture
def sink(spark: SparkSession, settings: Settings) -> ParquetSink:
    """Of a query whose first batch was one message, and whose second one is large."""
    checkpoint = Path(settings.lake, "_checkpoints", "parquet")
    (checkpoint / "offsets").mkdir(parents=True)
    (checkpoint / "metadata").write_text(json.dumps({"id": STREAM}))
    for batch, end in enumerate((1, 1 + LARGE)):
        time, ends = {"batchTimestampMs": BATCH_TIMES[batch]}, {"crypto-prices": {"0": end}}
        (checkpoint / "offsets" / str(batch)).write_text(f"v1\n{json.dumps(time)}\n{json.dumps(ends)}")
    return ParquetSink(spark, settings.lake, Staging(spark, settings, str(checkpoint)))


def rows(spark: SparkSession, first: int, end: int) -> DataFrame:
    """Of messages as Kafka's source gives them; one in `BAD_ONE_IN` has no price."""
    price = f"if(id % {BAD_ONE_IN} = 0, null, 1.5)"
    value = f"'coin_id', 'bitcoin', 'vs_currency', 'usd', 'fetched_at', '2026-11-18T11:00:00.000Z', 'price', {price}"
    headers = "array(named_struct('key', 'schema-version', 'value', cast('1.0' as binary)))"
    messages = spark.range(first, end, numPartitions=TASKS).selectExpr(
        "cast('bitcoin' as binary) as key",
        f"cast(to_json(named_struct({value})) as binary) as value",
        "'crypto-prices' as topic",
        "0 as partition",
        "id as offset",
        "timestamp_millis(1795000000000) as timestamp",
        f"{headers} as headers",
        "timestamp_millis(1795000030000) as landed_at",
    )
    return staged_rows(messages)


def offsets(settings: Settings, table: str) -> Counter[int]:
    files = Path(settings.lake, table).rglob("*.parquet")
    return Counter(offset for file in files for offset in pyarrow.parquet.read_table(file)["kafka_offset"].to_pylist())


def names(settings: Settings, table: str) -> list[str]:
    return sorted(file.name for file in Path(settings.lake, table).rglob("*.parquet"))


def test_a_small_batch_is_one_file(sink: ParquetSink, settings: Settings, spark: SparkSession) -> None:
    assert sink.write(rows(spark, 1, 2), 0) == 1
    assert names(settings, "landing") == [f"{STREAM}-0000000000.parquet"]
    assert names(settings, "quarantine") == []


def test_a_large_batch_that_is_repeated_is_there_once(
    sink: ParquetSink, settings: Settings, spark: SparkSession
) -> None:
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
