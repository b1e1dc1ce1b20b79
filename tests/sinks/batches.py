"""Batches of messages as Kafka's source gives them, and what the query that lands them keeps."""

import json
from pathlib import Path

from pyspark.sql import DataFrame, SparkSession

from coinloom.settings import Settings, Sink
from spark_streaming.staging import SMALL_BATCH, Staging
from spark_streaming.transforms import staged_rows

TOPIC, STREAM, TASKS = "crypto-prices", "4f9c", 3
LARGE = SMALL_BATCH + 1
BAD_ONE_IN = 1_000
BATCH_TIMES = [1_795_000_000_000, 1_795_000_030_000]  # Unix milliseconds, of an hour that is 2026-11-18T11


def staging(spark: SparkSession, settings: Settings, sink: Sink) -> Staging:
    """Of a query whose first batch was one message, and whose second one is large."""
    checkpoint = Path(settings.lake, "_checkpoints", sink)
    (checkpoint / "offsets").mkdir(parents=True, exist_ok=True)
    (checkpoint / "metadata").write_text(json.dumps({"id": STREAM}))
    for batch, end in enumerate((1, 1 + LARGE)):
        time, ends = {"batchTimestampMs": BATCH_TIMES[batch]}, {TOPIC: {"0": end}}
        (checkpoint / "offsets" / str(batch)).write_text(f"v1\n{json.dumps(time)}\n{json.dumps(ends)}")
    return Staging(spark, settings, str(checkpoint))


def rows(spark: SparkSession, first: int, end: int, bad_one_in: int = BAD_ONE_IN) -> DataFrame:
    """Of messages with these offsets; those that `bad_one_in` divides have no price."""
    price = f"if(id % {bad_one_in} = 0, null, 1.5)"
    value = f"'coin_id', 'bitcoin', 'vs_currency', 'usd', 'fetched_at', '2026-11-18T11:00:00.000Z', 'price', {price}"
    headers = "array(named_struct('key', 'schema-version', 'value', cast('1.0' as binary)))"
    messages = spark.range(first, end, numPartitions=TASKS).selectExpr(
        "cast('bitcoin' as binary) as key",
        f"cast(to_json(named_struct({value})) as binary) as value",
        f"'{TOPIC}' as topic",
        "0 as partition",
        "id as offset",
        "timestamp_millis(1795000000000) as timestamp",
        f"{headers} as headers",
        "timestamp_millis(1795000030000) as landed_at",
    )
    return staged_rows(messages)
