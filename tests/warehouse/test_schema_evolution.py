"""A column that landing did not have before: nothing is written anew, and every reader finds rows of either age.

`high_24h` plays the new column: it is taken away, rows land without it, and it comes as a release would bring it.
"""

from datetime import datetime
from pathlib import Path

import duckdb
import polars as pl
import pyarrow as pa
import pyarrow.dataset
import pytest

from checks.landing import SCHEMA, Offsets, land, landing_rows
from coinloom.settings import Settings, Target
from stores.database import connect
from stores.thrift import open_cursor
from tests.warehouse.story import ONCE_A_DAY
from tests.warehouse.warehouse import Warehouse

pytestmark = [pytest.mark.integration, pytest.mark.timeout(1800)]

NOON = datetime(2026, 3, 10, 12)
NEW_COLUMN = "high_24h"
EXPECTED = {"before": None, "after": 2.5}
SPARK_TYPES = {
    pa.string(): "string",
    pa.int32(): "int",
    pa.int64(): "bigint",
    pa.float64(): "double",
    pa.bool_(): "boolean",
}


@pytest.fixture
def evolved(warehouse: Warehouse) -> Warehouse:
    """One row of an older release, one of a newer one, in both sinks."""
    settings, offsets = warehouse.settings, Offsets()
    warehouse.reset()
    go_back(settings)
    land(landing_rows(update("before"), offsets).drop_columns([NEW_COLUMN]), settings, NOON)
    with connect(settings) as connection:  # as a migration does; on Spark each build declares the columns
        connection.execute(f"alter table landing.crypto_prices add column {NEW_COLUMN} double precision")  # type: ignore[arg-type]
    land(landing_rows(update("after"), offsets), settings, NOON)
    return warehouse


def update(coin_id: str) -> pl.DataFrame:
    columns = {"coin_id": coin_id, "vs_currency": "usd", "last_updated_at": NOON, "price": 1.5, NEW_COLUMN: 2.5}
    return pl.DataFrame([columns])


def go_back(settings: Settings) -> None:
    """Both tables as an older release has left them."""
    with connect(settings) as connection:
        connection.execute(f"alter table landing.crypto_prices drop column {NEW_COLUMN}")  # type: ignore[arg-type]
    if settings.dbt_target is Target.SPARK:
        types = [(field.name, SPARK_TYPES.get(field.type, "timestamp")) for field in SCHEMA if field.name != NEW_COLUMN]
        columns = ", ".join(f"{name} {kind}" for name, kind in types)
        with open_cursor(settings) as cursor:
            cursor.execute(
                f"create table landing.crypto_prices ({columns}, landed_hour string) using parquet"
                f" partitioned by (landed_hour) location '{settings.lake}/landing/crypto_prices'"
            )


def test_a_build_reads_rows_of_either_age(evolved: Warehouse) -> None:
    files = {file: file.stat().st_mtime_ns for file in Path(evolved.settings.lake, "landing").rglob("*.parquet")}
    for part in ((), ("--select", "+int_prices", "--exclude", *ONCE_A_DAY)):
        evolved.build(*part)
        prices = evolved.read("intermediate.int_prices")
        assert dict(prices.select("coin_id", NEW_COLUMN).iter_rows()) == EXPECTED
    assert len(files) == 2
    assert all(file.stat().st_mtime_ns == written for file, written in files.items())


def test_duckdb_and_pyarrow_read_files_of_either_age(evolved: Warehouse) -> None:
    landing = Path(evolved.settings.lake, "landing", "crypto_prices")
    query = f"select coin_id, {NEW_COLUMN} from read_parquet('{landing}/*/*.parquet', union_by_name = true)"  # noqa: S608
    assert dict(duckdb.sql(query).fetchall()) == EXPECTED
    rows = pyarrow.dataset.dataset(landing, schema=SCHEMA, partitioning="hive").to_table().to_pylist()
    assert {row["coin_id"]: row[NEW_COLUMN] for row in rows} == EXPECTED
