"""Lands batches as Parquet: one file per batch, its name fixed by the stream and the batch.

A batch is written aside, then its file is moved to its final name, replacing what an interrupted attempt at the same
batch left there. So a repeated batch changes nothing, and a reader of the folder, whatever its engine, only ever sees
whole files. Works on every file system that Hadoop knows (local, s3a, hdfs).
"""

import json
from functools import cached_property
from typing import Any

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from spark_streaming.transforms import rejected_rows, valid_rows
from stores.lake_files import PARTITION


class ParquetSink:
    """Writes valid rows to `<lake>/landing/crypto_prices` and the others to `<lake>/quarantine/crypto_prices`."""

    def __init__(self, spark: SparkSession, lake: str, checkpoint: str) -> None:
        self._spark = spark
        self._lake = lake
        self._checkpoint = checkpoint
        self._newest: dict[str, str] = {}

    def write(self, classified: DataFrame, batch_id: int) -> None:
        self._write(valid_rows(classified), "landing/crypto_prices", batch_id)
        self._write(rejected_rows(classified), "quarantine/crypto_prices", batch_id)

    def _write(self, rows: DataFrame, table: str, batch_id: int) -> None:
        landed = rows.agg(F.date_format(F.max("landed_at"), "yyyy-MM-dd'T'HH")).first()
        if landed is None or landed[0] is None:
            return
        staged = f"{self._lake}/_staging/{table}/{self._stream_id}-{batch_id}"
        rows.repartition(1).write.mode("overwrite").parquet(staged)
        folder = f"{self._lake}/{table}/{PARTITION}={self._never_before_the_newest(table, landed[0])}"
        self._move(staged, folder, f"{self._stream_id}-{batch_id:010d}.parquet")

    def _never_before_the_newest(self, table: str, hour: str) -> str:
        """The hour to land in: builds read on from the newest hour, so a clock that was set back must not go below."""
        self._newest[table] = max(hour, self._newest.get(table) or self._newest_on_disk(table))
        return self._newest[table]

    def _newest_on_disk(self, table: str) -> str:
        folder, files = self._hadoop.fs.Path(f"{self._lake}/{table}"), self._file_context(self._lake)
        if not files.util().exists(folder):
            return ""
        hours = _statuses(files.util().listStatus(folder), f"{PARTITION}=")
        return max((hour.getPath().getName().partition("=")[2] for hour in hours), default="")

    def _move(self, staged: str, folder: str, file_name: str) -> None:
        path, files = self._hadoop.fs.Path, self._file_context(staged)
        overwrite = self._spark._sc._gateway.new_array(self._hadoop.fs.Options.Rename, 1)  # type: ignore[union-attr]
        overwrite[0] = self._hadoop.fs.Options.Rename.OVERWRITE
        files.mkdir(path(folder), None, True)
        for part in _statuses(files.util().listStatus(path(staged)), "part-"):
            files.rename(part.getPath(), path(folder, file_name), overwrite)
        files.delete(path(staged), True)

    @cached_property
    def _stream_id(self) -> str:
        """The id that Spark keeps in the checkpoint: a new checkpoint never overwrites the files of an old one."""
        metadata = self._spark.read.text(f"{self._checkpoint}/metadata").collect()
        return str(json.loads(metadata[0][0])["id"])

    @property
    def _hadoop(self) -> Any:
        return self._spark._jvm.org.apache.hadoop  # type: ignore[union-attr]

    def _file_context(self, path: str) -> Any:
        configuration = self._spark._jsc.hadoopConfiguration()
        uri = self._hadoop.fs.Path(path).toUri()
        if uri.getScheme() is None:
            return self._hadoop.fs.FileContext.getLocalFSFileContext(configuration)
        return self._hadoop.fs.FileContext.getFileContext(uri, configuration)


def _statuses(statuses: Any, prefix: str) -> list[Any]:
    return [status for status in statuses if status.getPath().getName().startswith(prefix)]
