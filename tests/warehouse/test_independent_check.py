"""The whole warehouse against an independent implementation, on price histories that are hard on indicators."""

from collections.abc import Iterator

import polars as pl
import pytest
from rich.console import Console

from coinloom.progress import Steps
from coinloom.settings import REPOSITORY, Settings, Target
from serving.database import connect
from serving.thrift import open_cursor
from stack import lifecycle
from tests.integration.conftest import own_settings, run_command, supervised_processes
from tests.warehouse.compare import Comparison, compare
from tests.warehouse.landing import Offsets, land, landing_rows
from tests.warehouse.reference import expected_table, talib_windows
from tests.warehouse.series import all_updates

pytestmark = pytest.mark.integration

EXPECTED = expected_table(all_updates())

Tables = dict[Target, pl.DataFrame]


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tables]:
    """warehouse.crypto_table as each target built it from the same landed rows."""
    settings = own_settings(tmp_path_factory.mktemp("warehouse"))
    try:
        lifecycle.start(settings, [], Steps(Console(quiet=True)))
        _land(settings)
        yield {target: _built(settings, target) for target in Target}
    finally:
        lifecycle.stop(settings)
    assert supervised_processes(settings.coinloom_home) == []


@pytest.mark.parametrize("target", Target)
def test_the_warehouse_equals_the_exact_reference(tables: Tables, target: Target) -> None:
    assert EXPECTED.height > 15_000
    _assert_equal(f"{target} and the reference", compare(tables[target], EXPECTED, tolerance=1e-12))


@pytest.mark.parametrize("target", Target)
def test_the_warehouse_equals_talib(tables: Tables, target: Target) -> None:
    by_talib = expected_table(all_updates(), talib_windows)
    _assert_equal(f"{target} and TA-Lib", compare(tables[target], by_talib, tolerance=1e-9))


def test_both_targets_agree(tables: Tables) -> None:
    _assert_equal("spark and postgres", compare(tables[Target.SPARK], tables[Target.POSTGRES], tolerance=1e-12))


def _land(settings: Settings) -> None:
    rows = landing_rows(all_updates(), Offsets())
    land(rows, settings, rows["landed_at"][0].as_py())


def _built(settings: Settings, target: Target) -> pl.DataFrame:
    folder = str(settings.coinloom_home / "dbt")
    paths = ["--target-path", folder, "--log-path", folder]
    no_unit_tests = ["--exclude-resource-type", "unit_test"]
    run_command(settings, "dbt", "build", "--target", target, *no_unit_tests, *paths, cwd=REPOSITORY / "dbt_project")
    return _read(settings, target)


def _read(settings: Settings, target: Target) -> pl.DataFrame:
    query = f"select {', '.join(EXPECTED.columns)} from warehouse.crypto_table"  # noqa: S608 names of ours
    if target is Target.POSTGRES:
        with connect(settings) as connection:
            rows = connection.execute(query).fetchall()
    else:
        with open_cursor(settings) as cursor:
            cursor.execute(query)
            rows = cursor.fetchall()
    return pl.DataFrame(rows, schema=EXPECTED.schema, orient="row")


def _assert_equal(what: str, comparison: Comparison) -> None:
    print(f"\n{what}\n{comparison.report()}")
    assert not comparison.differences, "\n".join(comparison.differences)
