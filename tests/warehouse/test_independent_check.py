"""The whole warehouse against an independent implementation, on price histories that are hard on indicators.

With `--price-file PATH` on the prices of that file, which then go the whole way: loaded, streamed, built.
"""

from pathlib import Path

import polars as pl
import pytest

from checks.compare import Comparison, compare
from checks.landing import Offsets, land, landing_rows
from coinloom.settings import Settings, Target
from tests.commands import run_command
from tests.warehouse.reference import expected_table, talib_windows
from tests.warehouse.reference_overview import COIN, expected_overview
from tests.warehouse.series import all_updates, read_updates
from tests.warehouse.warehouse import KEYS, Snapshot, Warehouse

pytestmark = pytest.mark.integration

TABLE, OVERVIEW = "warehouse.crypto_table", "warehouse.coin_overview"
Tables = dict[Target, Snapshot]


@pytest.fixture(scope="module")
def price_file(request: pytest.FixtureRequest) -> Path | None:
    path: Path | None = request.config.getoption("--price-file")
    return path and path.resolve()


@pytest.fixture(scope="module")
def updates(price_file: Path | None) -> pl.DataFrame:
    return read_updates(price_file) if price_file else all_updates()


@pytest.fixture(scope="module")
def exact(updates: pl.DataFrame) -> pl.DataFrame:
    return expected_table(updates)


@pytest.fixture(scope="module")
def by_talib(updates: pl.DataFrame) -> pl.DataFrame:
    return expected_table(updates, talib_windows)


@pytest.fixture(scope="module")
def tables(updates: pl.DataFrame, price_file: Path | None, spark_servers: Settings) -> Tables:
    """As each target built them from the same landed rows."""
    warehouses = {target: Warehouse(spark_servers.model_copy(update={"dbt_target": target})) for target in Target}
    for warehouse in warehouses.values():
        warehouse.reset()
    if price_file:
        run_command(spark_servers, "coinloom", "load", str(price_file))
        run_command(spark_servers, "coinloom", "stream", "--available-now")
    else:
        rows = landing_rows(updates, Offsets())
        land(rows, spark_servers, rows["landed_at"][0].as_py())
    for warehouse in warehouses.values():
        warehouse.build()
    return {target: warehouse.snapshot([TABLE, OVERVIEW]) for target, warehouse in warehouses.items()}


@pytest.mark.parametrize("target", Target)
def test_the_warehouse_equals_the_exact_reference(tables: Tables, exact: pl.DataFrame, target: Target) -> None:
    assert exact.height > 15_000
    _assert_equal(f"{target} and the reference", compare(tables[target][TABLE], exact, tolerance=1e-12))


@pytest.mark.parametrize("target", Target)
def test_the_warehouse_equals_talib(tables: Tables, by_talib: pl.DataFrame, target: Target) -> None:
    _assert_equal(f"{target} and TA-Lib", compare(tables[target][TABLE], by_talib, tolerance=1e-9))


@pytest.mark.parametrize("target", Target)
def test_the_overview_equals_the_exact_reference(tables: Tables, exact: pl.DataFrame, target: Target) -> None:
    expected = expected_overview(exact)
    assert expected.drop_nulls().height > 0
    _assert_equal(f"{target} and the reference", compare(tables[target][OVERVIEW], expected, 1e-12, COIN))


@pytest.mark.parametrize("table", [TABLE, OVERVIEW])
def test_both_targets_agree(tables: Tables, table: str) -> None:
    on_spark, on_postgres = (tables[target][table] for target in (Target.SPARK, Target.POSTGRES))
    _assert_equal("spark and postgres", compare(on_spark, on_postgres, 1e-12, KEYS[table]))


def _assert_equal(what: str, comparison: Comparison) -> None:
    print(f"\n{what}\n{comparison.report()}")
    assert not comparison.differences, "\n".join(comparison.differences)
