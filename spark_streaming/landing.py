"""The query that lands the topic in one sink, from its start to its end."""

import logging
from threading import Lock

import psycopg
from pyspark.errors import StreamingQueryException
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.streaming.query import StreamingQuery

from coinloom.errors import CoinloomError
from coinloom.settings import Settings, Sink
from coinloom.storage import storage_advice
from spark_streaming.lost_messages import require_nothing_lost
from spark_streaming.parquet_sink import ParquetSink
from spark_streaming.postgres_sink import PostgresSink
from spark_streaming.staging import Staging
from spark_streaming.transforms import staged_rows
from stores.kafka import java_options
from stores.migrate import migrate

FETCH_WAIT_MS = 10  # each read asks for the topic's end while a fetch that finds nothing more holds the connection
MESSAGES_PER_TASK = 100_000  # a large batch is divided evenly, however the coins are among the topic's partitions

log = logging.getLogger("spark_streaming")

# Spark's server for calls back into Python is made by the first `foreachBatch`, which no lock of its own guards.
_foreach_batch = Lock()


class LakeNotWritable(CoinloomError):
    """The disk of the lake is full or read-only; says what to do."""


class Landing:
    """Lands the topic in one sink, with a checkpoint of its own.

    With `available_now`, what it holds at this moment; with `skip_lost`, although something before is gone.
    """

    def __init__(
        self, spark: SparkSession, settings: Settings, kind: Sink, *, available_now: bool, skip_lost: bool
    ) -> None:
        self.name = str(kind)
        self._spark = spark
        self._settings = settings
        self._kind = kind
        self._available_now = available_now
        self._skip_lost = skip_lost
        self._checkpoint = f"{settings.lake}/_checkpoints/{kind}"
        self._cause: Exception | None = None

    def run(self) -> None:
        """Start the query and wait for its end; raises what ended it. May be called again."""
        self._cause = None
        if self._kind is Sink.POSTGRES:
            migrate(self._settings)
        try:
            require_nothing_lost(self._settings, self._kind, skip=self._skip_lost)
            self._start().awaitTermination()
        except (StreamingQueryException, OSError) as error:
            # Ours says what to do; Spark's has it somewhere in the stack of the JVM.
            raise self._cause or self._of_the_disk(error) or error from None

    def _of_the_disk(self, error: Exception) -> LakeNotWritable | None:
        """Batches and checkpoints alike are written below LAKE_ROOT, whatever the sink."""
        advice = storage_advice(str(error), f"LAKE_ROOT ({self._settings.lake})")
        return (
            LakeNotWritable(f"{advice} What has landed stays, and the stream goes on from there.") if advice else None
        )

    def _start(self) -> StreamingQuery:
        sink = self._sink()

        def write_batch(rows: DataFrame, batch_id: int) -> None:
            try:
                count = sink.write(rows, batch_id)
            except (CoinloomError, psycopg.Error) as error:
                self._cause = error
                raise
            log.info("%s: batch %d landed, %d messages", self.name, batch_id, count)

        messages = read_topic(self._spark, self._settings, skip_lost=self._skip_lost)
        writer = staged_rows(messages).writeStream.queryName(self.name)
        every = f"{self._settings.stream_trigger_seconds} seconds"
        triggered = writer.trigger(availableNow=True) if self._available_now else writer.trigger(processingTime=every)
        with _foreach_batch:
            return triggered.option("checkpointLocation", self._checkpoint).foreachBatch(write_batch).start()

    def _sink(self) -> ParquetSink | PostgresSink:
        staging = Staging(self._spark, self._settings, self._checkpoint)
        if self._kind is Sink.PARQUET:
            return ParquetSink(self._spark, self._settings.lake, staging)
        return PostgresSink(self._settings, staging)


def read_topic(spark: SparkSession, settings: Settings, *, skip_lost: bool) -> DataFrame:
    """The topic from its first message, as the Kafka source's columns with headers, and `landed_at`.

    In a stream the current time is that of the batch: repeated after a crash, it has the same.
    """
    return (
        spark.readStream.format("kafka")
        .options(**{f"kafka.{name}": value for name, value in java_options(settings).items()})
        .option("subscribe", settings.kafka_topic)
        .option("kafka.fetch.max.wait.ms", FETCH_WAIT_MS)
        .option("startingOffsets", "earliest")
        .option("includeHeaders", True)
        .option("maxOffsetsPerTrigger", settings.stream_max_offsets_per_trigger)
        .option("maxRecordsPerPartition", MESSAGES_PER_TASK)
        .option("failOnDataLoss", not skip_lost)
        .load()
        .withColumn("landed_at", F.current_timestamp())
    )
