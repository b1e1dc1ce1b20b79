"""A file takes the place of another on a local disk: in one step, and so that Spark can read it."""

import shutil
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from spark_streaming.hadoop_files import HadoopFiles
from tests.watching import watching

TIMES = 300


@pytest.mark.parametrize("scheme", ["", "file:"])
def test_a_file_that_is_replaced_is_there_at_each_look(spark: SparkSession, tmp_path: Path, scheme: str) -> None:
    files = HadoopFiles(spark, f"{scheme}{tmp_path}")
    source, target = tmp_path / "source", tmp_path / "target"
    target.touch()
    with watching(str(tmp_path), [str(target)]) as watch:
        for number in range(TIMES):
            source.write_text(str(number))
            files.publish(f"{scheme}{source}", f"{scheme}{target}")
    assert target.read_text() == str(TIMES - 1)
    assert watch.missing == 0
    assert watch.looks > 100


def test_spark_reads_it_although_the_one_before_had_a_checksum(spark: SparkSession, tmp_path: Path) -> None:
    """As Hadoop leaves one beside each file, and earlier releases did."""
    for name, count in (("before", 1), ("after", 2)):
        spark.range(count).coalesce(1).write.parquet(str(tmp_path / name))
    [before], [after] = ([*(tmp_path / name).glob("part-*.parquet")] for name in ("before", "after"))
    hour = tmp_path / "hour"
    hour.mkdir()
    shutil.copy(before, hour / "batch.parquet")
    shutil.copy(before.with_name(f".{before.name}.crc"), hour / ".batch.parquet.crc")
    HadoopFiles(spark, str(tmp_path)).publish(str(after), str(hour / "batch.parquet"))
    assert spark.read.parquet(str(hour)).count() == 2
    assert not after.exists()
