"""The whole warehouse against an independent implementation, on price histories that are hard on indicators.

With `--price-file PATH` on the prices of that file, which then go the whole way: loaded, streamed, built.
"""

from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest
from rich.console import Console

from checks.compare import Comparison, compare
from checks.landing import Offsets, land, landing_rows
from coinloom.progress import Steps
from coinloom.settings import Settings, Target
from stack import lifecycle
from stores.database import connect
from stores.thrift import open_cursor
from tests.integration.conftest import own_settings, run_command, run_dbt, supervised_processes
from tests.warehouse.reference import expected_table, talib_windows
from tests.warehouse.series import all_updates, read_updates

pytestmark = pytest.mark.integration

Tables = dict[Target, pl.DataFrame]


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
def tables(
    updates: pl.DataFrame, exact: pl.DataFrame, price_file: Path | None, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Tables]:
    """warehouse.crypto_table as each target built it from the same landed rows, with the columns of `exact`."""
    settings = own_settings(tmp_path_factory.mktemp("warehouse"))
    try:
        lifecycle.start(settings, [], Steps(Console(quiet=True)))
        if price_file:
            run_command(settings, "coinloom", "load", str(price_file))
            run_command(settings, "coinloom", "stream", "--available-now")
        else:
            rows = landing_rows(updates, Offsets())
            land(rows, settings, rows["landed_at"][0].as_py())
        yield {target: _built(settings, target, exact.schema) for target in Target}
    finally:
        lifecycle.stop(settings)
    assert supervised_processes(settings.coinloom_home) == []


@pytest.mark.parametrize("target", Target)
def test_the_warehouse_equals_the_exact_reference(tables: Tables, exact: pl.DataFrame, target: Target) -> None:
    assert exact.height > 15_000
    _assert_equal(f"{target} and the reference", compare(tables[target], exact, tolerance=1e-12))


@pytest.mark.parametrize("target", Target)
def test_the_warehouse_equals_talib(tables: Tables, by_talib: pl.DataFrame, target: Target) -> None:
    _assert_equal(f"{target} and TA-Lib", compare(tables[target], by_talib, tolerance=1e-9))


def test_both_targets_agree(tables: Tables) -> None:
    _assert_equal("spark and postgres", compare(tables[Target.SPARK], tables[Target.POSTGRES], tolerance=1e-12))


def _built(settings: Settings, target: Target, schema: pl.Schema) -> pl.DataFrame:
    artifacts = settings.coinloom_home / "dbt"
    run_dbt(settings, artifacts, "build", "--target", target, "--exclude-resource-type", "unit_test")
    return _read(settings, target, schema)


def _read(settings: Settings, target: Target, schema: pl.Schema) -> pl.DataFrame:
    query = f"select {', '.join(schema)} from warehouse.crypto_table"  # noqa: S608 names of ours
    if target is Target.POSTGRES:
        with connect(settings) as connection:
            rows = connection.execute(query).fetchall()
    else:
        with open_cursor(settings) as cursor:
            cursor.execute(query)
            rows = cursor.fetchall()
    return pl.DataFrame(rows, schema=schema, orient="row")


def _assert_equal(what: str, comparison: Comparison) -> None:
    print(f"\n{what}\n{comparison.report()}")
    assert not comparison.differences, "\n".join(comparison.differences)
