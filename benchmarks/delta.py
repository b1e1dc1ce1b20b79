"""`python -m benchmarks.delta`: what it costs to replace an hour, in Parquet and in Delta; into README.md beside it.

Fetches Delta from Maven Central. Data live below COINLOOM_HOME/bench while it runs; nothing of them is left.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Annotated

import pyarrow.dataset
import typer
from pyspark.sql import SparkSession

from benchmarks.reporting import README, console, reporting
from benchmarks.servers import temporary_home
from benchmarks.tables import Table
from coinloom.progress import Steps
from coinloom.settings import Settings

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
PART = "delta"
PACKAGE = "io.delta:delta-spark_4.2_2.13:4.4.0"
FORMATS = ("parquet", "delta")
COINS, HOURS, REPLACED = 250, 6, "2026-03-10T05"
WARM_UPS = 2
ROWS = f"""
    select
        concat('coin-', id % {COINS}) as coin_id, cast(id div {COINS} as int) as minute,
        rand(1) as price, rand(2) as sma_20, rand(3) as ema_20, rand(4) as volatility_20, rand(5) as market_cap,
        concat('2026-03-10T0', id div {COINS * 60}) as bar_hour
    from range({COINS * 60 * HOURS})
"""  # noqa: S608 numbers of our own


@dataclass(slots=True)
class Lake:
    """One table in one format. Seconds of each replacement of one hour, and of each look at it afterwards."""

    name: str
    folder: Path
    replaced: list[float] = field(default_factory=list)
    read: list[float] = field(default_factory=list)

    @property
    def table(self) -> str:
        return self.folder.name

    def parquet_files(self) -> list[Path]:
        return [file for file in self.folder.rglob("*.parquet") if "_delta_log" not in file.parts]


@app.command()
def main(
    *,
    repetitions: Annotated[int, typer.Option(min=1, help="How often the hour is replaced.")] = 15,
    readme: Annotated[Path, typer.Option(help="The file with the markers that the results go between.")] = README,
) -> None:
    """Replace one hour of the same table again and again, in turn in either format."""
    tables: list[Table] = []
    steps = Steps(console)
    with (
        reporting(PART, readme, lambda: tables) as publish,
        temporary_home(PART) as settings,
        session(settings, warehouse := settings.coinloom_home / "warehouse") as spark,
    ):
        lakes = [Lake(name, warehouse / f"in_{name}") for name in FORMATS]
        with steps.step("Write the tables"):
            write(spark, lakes)
        with steps.step(f"Replace an hour {WARM_UPS + repetitions} times"):
            for _ in range(WARM_UPS + repetitions):
                for lake in lakes:
                    replace_hour(spark, lake)
        tables.append(compared(spark, lakes))
        publish()


def session(settings: Settings, warehouse: Path) -> SparkSession:
    """A Spark that knows both, with the heap of the Thrift Server."""
    configuration = {
        "spark.jars.packages": PACKAGE,
        "spark.sql.extensions": "io.delta.sql.DeltaSparkSessionExtension",
        "spark.sql.catalog.spark_catalog": "org.apache.spark.sql.delta.catalog.DeltaCatalog",
        "spark.databricks.delta.snapshotPartitions": "2",  # its default of 50 is for large tables
        "spark.driver.memory": settings.spark_driver_memory,
        "spark.sql.warehouse.dir": str(warehouse),
        "spark.sql.sources.partitionOverwriteMode": "dynamic",
        "spark.sql.shuffle.partitions": "16",
        "spark.ui.enabled": "false",
        "spark.log.level": "ERROR",
    }
    return SparkSession.builder.master(settings.spark_master).config(map=configuration).getOrCreate()


def write(spark: SparkSession, lakes: list[Lake]) -> None:
    """Each lake's table, and the view `hour` of the rows that replace one hour of it."""
    rows = spark.sql(ROWS)
    for lake in lakes:
        rows.write.format(lake.name).partitionBy("bar_hour").saveAsTable(lake.table)
    rows.where(f"bar_hour = '{REPLACED}'").coalesce(1).createOrReplaceTempView("hour")


def replace_hour(spark: SparkSession, lake: Lake) -> None:
    statement = f"insert overwrite table {lake.table} partition (bar_hour) select * from hour"  # noqa: S608
    lake.replaced.append(seconds_of(lambda: spark.sql(statement)))
    query = f"select count(*), max(minute) from {lake.table} where bar_hour = '{REPLACED}'"  # noqa: S608
    lake.read.append(seconds_of(lambda: spark.sql(query).collect()))


def seconds_of(action: Callable[[], object]) -> float:
    started = time.perf_counter()
    action()
    return time.perf_counter() - started


def compared(spark: SparkSession, lakes: list[Lake]) -> Table:
    header = ["format", "replace an hour, median s", "read it, median s", "files", "MiB", "rows", "pyarrow sees"]
    table = Table(f"One hour of {COINS} coins, replaced in a table of {HOURS}", header)
    for lake in lakes:
        files = lake.parquet_files()
        table.rows.append(
            [
                lake.name,
                f"{median(lake.replaced[WARM_UPS:]):.2f}",
                f"{median(lake.read[WARM_UPS:]):.2f}",
                f"{len(files):,}",
                f"{sum(file.stat().st_size for file in files) / 2**20:.1f}",
                f"{spark.table(lake.table).count():,}",
                f"{pyarrow.dataset.dataset(files, format='parquet').count_rows():,}",
            ]
        )
    return table


if __name__ == "__main__":
    app()
