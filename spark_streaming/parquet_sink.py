"""Lands batches as Parquet: files whose names are fixed by the query and the batch.

A batch is written aside, then its files are published under their final names, replacing what an interrupted attempt at
the same batch left there: by a rename, in an object store by one put. What else that attempt left goes, also where
another release calls a message valid that was rejected then. So each message of a repeated batch is there once, and a
reader of the folder, whatever its engine, only ever sees whole files.
"""

from pyspark.sql import DataFrame, SparkSession

from spark_streaming.staging import StagedBatch, Staging
from spark_streaming.transforms import rejected_rows
from stores.lake_files import PARTITION


class ParquetSink:
    """Writes valid rows to `<lake>/landing/crypto_prices` and the others to `<lake>/quarantine/crypto_prices`."""

    def __init__(self, spark: SparkSession, lake: str, staging: Staging) -> None:
        self._spark = spark
        self._lake = lake
        self._staging = staging
        self._files = staging.files
        self._newest: dict[str, str] = {}
        self._may_be_repeated = True  # only the first batch of a query can have been tried before

    def write(self, rows: DataFrame, batch_id: int) -> int:
        """Land a batch of staged rows; returns how many messages it has."""
        batch = self._staging.write(rows, batch_id)
        self._publish(batch.valid, "landing/crypto_prices", batch)
        self._publish(self._quarantine(batch), "quarantine/crypto_prices", batch)
        self._staging.remove(batch)
        self._may_be_repeated = False
        return batch.messages

    def _quarantine(self, batch: StagedBatch) -> str:
        """The folder with the rows of quarantine, beside the others of the batch; it is missing if there are none."""
        folder = f"{batch.folder}/quarantine"
        if self._files.names(batch.rejected, "part-"):
            rejected = self._spark.read.schema(batch.schema).parquet(batch.rejected)
            rejected_rows(rejected).coalesce(1).write.mode("overwrite").parquet(folder)
        return folder

    def _publish(self, staged: str, table: str, batch: StagedBatch) -> None:
        parts = self._files.names(staged, "part-")
        if not parts and not self._may_be_repeated:
            return
        folder = f"{self._lake}/{table}/{PARTITION}={self._never_before_the_newest(table, batch.landed_hour)}"
        if parts:
            self._files.make_folder(folder)
        names = [
            f"{batch.name}-{number}.parquet" if number else f"{batch.name}.parquet" for number in range(len(parts))
        ]
        for part, name in zip(parts, names, strict=True):
            self._files.publish(f"{staged}/{part}", f"{folder}/{name}")
        if self._may_be_repeated:  # maybe with other files, by another release
            for name in set(self._files.names(folder, batch.name)) - set(names):
                self._files.delete(f"{folder}/{name}")

    def _never_before_the_newest(self, table: str, hour: str) -> str:
        """The hour to land in: builds read on from the newest hour, so a clock that was set back must not go below."""
        self._newest[table] = max(hour, self._newest.get(table) or self._newest_on_disk(table))
        return self._newest[table]

    def _newest_on_disk(self, table: str) -> str:
        hours = self._files.names(f"{self._lake}/{table}", f"{PARTITION}=")
        return max((hour.partition("=")[2] for hour in hours), default="")
