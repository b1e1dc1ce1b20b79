"""A batch is computed once, into files aside; what a sink then does is to publish or copy them.

A small batch, such as a poll, is one file. Of a large one each task writes a file of its own, so that all cores do.
Which files there are follows from the batch's offsets, so a batch that is repeated has the same.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.types import StructType

from coinloom.settings import Settings
from spark_streaming.hadoop_files import HadoopFiles
from spark_streaming.transforms import IS_REJECTED

SMALL_BATCH = 50_000  # messages

# Columns whose values hardly repeat: a dictionary would cost a third of the writing, and be given up in the end.
WITHOUT_DICTIONARY = (
    *("kafka_offset", "price", "market_cap", "volume_24h", "high_24h", "low_24h", "price_change_24h_pct"),
)
OPTIONS = {f"parquet.enable.dictionary#{name}": "false" for name in WITHOUT_DICTIONARY}


@dataclass(frozen=True, slots=True)
class StagedBatch:
    """`name` is that of this batch of this query for ever. Both folders may be missing: they have no rows then.

    It has the messages from `begins` up to and without `ends`, by partition.
    """

    name: str
    folder: str
    landed_hour: str
    begins: Mapping[int, int]
    ends: Mapping[int, int]
    schema: StructType

    @property
    def messages(self) -> int:
        return sum(self.ends.values()) - sum(self.begins.values())

    @property
    def valid(self) -> str:
        """The folder with the rows of landing."""
        return f"{self.folder}/{IS_REJECTED}=false"

    @property
    def rejected(self) -> str:
        """The folder with what `transforms.rejected_rows` makes those of quarantine of."""
        return f"{self.folder}/{IS_REJECTED}=true"


class Staging:
    """Writes the batches of one query, which has this checkpoint, below `<lake>/_staging`."""

    def __init__(self, spark: SparkSession, settings: Settings, checkpoint: str) -> None:
        self.files = HadoopFiles(spark, settings.lake)
        self._topic = settings.kafka_topic
        self._checkpoint = checkpoint
        self._folder = f"{settings.lake}/_staging/crypto_prices"

    def write(self, rows: DataFrame, batch_id: int) -> StagedBatch:
        """Write the rows (transforms.staged_rows), instead of what an earlier attempt has left."""
        name = f"{self._stream_id}-{batch_id:010d}"
        landed_at, ends = self._planned(batch_id)
        before = self._planned(batch_id - 1)[1] if batch_id else {}
        begins = {partition: before.get(partition, 0) for partition in ends}
        batch = StagedBatch(name, f"{self._folder}/{name}", f"{landed_at:%Y-%m-%dT%H}", begins, ends, rows.schema)
        in_files = rows.coalesce(1) if batch.messages <= SMALL_BATCH else rows
        in_files.write.mode("overwrite").partitionBy(IS_REJECTED).options(**OPTIONS).parquet(batch.folder)
        return batch

    def remove(self, batch: StagedBatch) -> None:
        self.files.delete(batch.folder)

    def _planned(self, batch_id: int) -> tuple[datetime, dict[int, int]]:
        """The batch's time, which is the `landed_at` of its rows, and the offsets where it ends, by partition.

        Spark has written both down before the batch began.
        """
        lines = self.files.read_text(f"{self._checkpoint}/offsets/{batch_id}").splitlines()
        milliseconds, offsets = json.loads(lines[1])["batchTimestampMs"], json.loads(lines[-1])[self._topic]
        ends = {int(partition): offset for partition, offset in offsets.items()}
        return datetime.fromtimestamp(milliseconds / 1000, UTC), ends

    @cached_property
    def _stream_id(self) -> str:
        """The id that Spark keeps in the checkpoint: a new checkpoint never overwrites the files of an old one."""
        return str(json.loads(self.files.read_text(f"{self._checkpoint}/metadata"))["id"])
