"""dbt through Spark Connect, which managed Spark offers instead of a Thrift Server: it builds, and builds again."""

import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from checks.landing import Offsets, land, landing_rows
from coinloom.processes import environment
from coinloom.settings import Settings
from commands.build import DBT_PROJECT
from stack import thrift_server
from stack.ports import free_port, is_listening
from stack.with_postgres import temporary_postgres
from tests.forks import Forked

pytestmark = [pytest.mark.long, pytest.mark.timeout(1800)]

MAIN_CLASS = "org.apache.spark.sql.connect.service.SparkConnectServer"
PROFILE = """
coinloom:
  target: spark
  outputs:
    spark: {type: spark, method: session, host: localhost, schema: analytics, threads: 2}
"""
START_SECONDS = 300
HOUR = datetime(2026, 3, 10, 10)


@contextmanager
def connect_server(settings: Settings, log: Path) -> Iterator[str]:
    """What our Thrift Server is told, told to a Connect server; yields its address."""
    port = free_port()
    told = thrift_server.command(settings)
    options = [
        MAIN_CLASS if part == thrift_server.MAIN_CLASS else part for part in told[: told.index("spark-internal")]
    ]
    confs = {
        "spark.connect.grpc.binding.address": "127.0.0.1",
        "spark.connect.grpc.binding.port": str(port),
        "spark.sql.catalogImplementation": "hive",  # which a Thrift Server has anyway
    }
    own = [part for name, value in confs.items() for part in ("--conf", f"{name}={value}")]
    with log.open("wb") as output:
        server = subprocess.Popen(
            [*options, *own, "spark-internal"], env=environment(settings), stdout=output, stderr=output
        )
    try:
        deadline = time.monotonic() + START_SECONDS
        while not is_listening("127.0.0.1", port):
            assert server.poll() is None, log.read_text()[-3000:]
            assert time.monotonic() < deadline, "Spark Connect does not start"
            time.sleep(0.2)
        yield f"sc://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(60)


def minutes(settings: Settings, offsets: Offsets, first: int, count: int) -> None:
    """Land an update a minute of two coins."""
    for coin, level in (("bitcoin", 100.0), ("ethereum", 10.0)):
        times = [HOUR + timedelta(minutes=minute) for minute in range(first, first + count)]
        prices = [level + minute % 7 for minute in range(first, first + count)]
        rows = pl.DataFrame({"coin_id": coin, "vs_currency": "usd", "last_updated_at": times, "price": prices})
        land(landing_rows(rows, offsets), settings, HOUR + timedelta(minutes=first))


def said(printed: str) -> str:
    """Its last words, without Java's stack."""
    return "\n".join(line for line in printed.splitlines() if not line.strip().startswith("at "))[-6000:]


def test_a_build_and_another_through_spark_connect(tmp_path: Path) -> None:
    (tmp_path / "profiles.yml").write_text(PROFILE)
    with temporary_postgres() as settings, connect_server(settings, tmp_path / "connect.log") as address:
        offsets = Offsets()
        for first, count in ((0, 50), (50, 30)):
            minutes(settings, offsets, first, count)
            done = dbt(settings, address, tmp_path)
            assert done.returncode == 0, said(done.stdout)
            bars = pl.read_parquet(f"{settings.lake}/warehouse/warehouse.db/crypto_table/**/*.parquet")
            assert bars.height == 2 * (first + count)
            assert bars.filter(pl.col("ema_20").is_not_null()).height == 2 * (first + count - 19)


def dbt(settings: Settings, address: str, folder: Path) -> Forked:
    variables = environment(settings) | {"SPARK_REMOTE": address}
    options = [
        "--profiles-dir",
        str(folder),
        "--target-path",
        str(folder / "target"),
        "--log-path",
        str(folder / "logs"),
    ]
    return Forked(
        ["dbt", "build", "--selector", "build", *options], variables, DBT_PROJECT, folder / "printed.txt"
    ).wait()
