"""The streaming job: `spark-submit --properties-file spark_streaming/spark-defaults.conf spark_streaming/job.py`.

One query per sink, each with its own checkpoint. Settings come from the environment (coinloom/settings.py).
"""

import argparse
import logging

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.streaming.query import StreamingQuery

from coinloom.logs import configure_logging
from coinloom.settings import Settings, Sink
from ingestion.producer import ensure_topic
from serving.migrate import migrate
from spark_streaming.parquet_sink import ParquetSink
from spark_streaming.postgres_sink import PostgresSink
from spark_streaming.transforms import classify

log = logging.getLogger("spark_streaming")


def main() -> None:
    available_now = _arguments().available_now
    configure_logging()
    settings = Settings()
    ensure_topic(settings)
    spark = SparkSession.builder.appName("coinloom-stream").getOrCreate()
    spark.sparkContext.setLogLevel("WARN")
    queries = [start_query(spark, settings, sink, available_now) for sink in settings.sinks]
    await_queries(spark, queries)


def start_query(spark: SparkSession, settings: Settings, kind: Sink, available_now: bool) -> StreamingQuery:
    """Start landing the topic in one sink; with `available_now`, only what the topic holds at this moment."""
    checkpoint = f"{settings.lake}/_checkpoints/{kind}"
    sink = _sink(spark, settings, kind, checkpoint)

    def write_batch(messages: DataFrame, batch_id: int) -> None:
        classified = classify(messages).persist()
        try:
            sink.write(classified, batch_id)
            log.info("%s: batch %d landed, %d messages", sink.name, batch_id, classified.count())
        finally:
            classified.unpersist()

    writer = read_topic(spark, settings).writeStream.queryName(sink.name).option("checkpointLocation", checkpoint)
    every = f"{settings.stream_trigger_seconds} seconds"
    triggered = writer.trigger(availableNow=True) if available_now else writer.trigger(processingTime=every)
    return triggered.foreachBatch(write_batch).start()


def read_topic(spark: SparkSession, settings: Settings) -> DataFrame:
    """The topic from its first message, as the Kafka source's columns with headers, and `landed_at`.

    In a stream the current time is that of the batch: a replay after a crash has the same.
    """
    return (
        spark.readStream.format("kafka")
        .option("kafka.bootstrap.servers", settings.kafka_bootstrap_servers)
        .option("subscribe", settings.kafka_topic)
        .option("startingOffsets", "earliest")
        .option("includeHeaders", True)
        .option("maxOffsetsPerTrigger", settings.stream_max_offsets_per_trigger)
        .option("failOnDataLoss", True)
        .load()
        .withColumn("landed_at", F.current_timestamp())
    )


def await_queries(spark: SparkSession, queries: list[StreamingQuery]) -> None:
    """Return when all have ended; raise as soon as one has failed, so that a supervisor restarts the job."""
    while any(query.isActive for query in queries):
        spark.streams.awaitAnyTermination(1)
        spark.streams.resetTerminated()
    for query in queries:
        query.awaitTermination()


def _sink(spark: SparkSession, settings: Settings, kind: Sink, checkpoint: str) -> ParquetSink | PostgresSink:
    if kind is Sink.PARQUET:
        return ParquetSink(spark, settings.lake, checkpoint)
    migrate(settings)
    return PostgresSink(settings)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--available-now", action="store_true", help="land what the topic holds now, then end")
    return parser.parse_args()


if __name__ == "__main__":
    main()
