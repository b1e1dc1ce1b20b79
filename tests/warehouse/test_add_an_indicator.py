"""docs/add-an-indicator.md, carried out on a copy of the project: see walk_through.py."""

import importlib.util
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from types import ModuleType

import numpy as np
import polars as pl
import pytest
import talib

from checks.compare import compare
from coinloom.settings import Settings
from serving.publish import publish
from stores.database import connect
from tests.warehouse.reference import KEY, ema, expected_table
from tests.warehouse.walk_through import UPDATES, built_copy, carry_out, files_of, page, read_postgres

pytestmark = pytest.mark.integration

ADD, ANOTHER_WINDOW = page("add-an-indicator.md").split("\n## Another window\n")


@dataclass(frozen=True)
class Built:
    """What the walk-through leaves: its copy of the reference, crypto_table after each part, and the published mart."""

    reference: ModuleType
    with_indicator: pl.DataFrame
    published: pl.DataFrame
    with_windows: pl.DataFrame


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Built]:
    root = tmp_path_factory.mktemp("walk-through")
    with built_copy(root) as settings:
        publish(settings)
        carry_out(ADD, root, settings)
        publish(settings)
        first = Built(
            reference=_load(root / "tests/warehouse/reference.py"),
            with_indicator=read_postgres(settings, "warehouse.crypto_table"),
            published=read_postgres(settings, "marts.crypto_table"),
            with_windows=pl.DataFrame(),
        )
        _check_descriptions(settings, root)
        carry_out(ANOTHER_WINDOW, root, settings)
        _check_descriptions(settings, root)
        yield replace(first, with_windows=read_postgres(settings, "warehouse.crypto_table"))


def test_an_indicator_touches_eight_files() -> None:
    assert len(files_of(ADD)) == 8


def test_the_new_column_equals_the_reference_and_talib(built: Built) -> None:
    for windows in (built.reference.exact_windows, built.reference.talib_windows):
        expected = built.reference.expected_table(UPDATES, windows)
        assert "wma_10" in expected.columns
        assert "wma_10" not in expected_table(UPDATES).columns
        assert not compare(built.with_indicator, expected, tolerance=1e-12).differences
    steady = built.with_indicator.filter(coin_id="steady").sort(KEY)
    assert steady["wma_10"].is_null().sum() == 9
    np.testing.assert_allclose(steady["wma_10"], talib.WMA(steady["price"].to_numpy(), 10), rtol=1e-12)


def test_publish_adds_the_column_to_the_mart(built: Built) -> None:
    assert built.published["wma_10"].count() > 100
    everything = built.with_indicator.drop("bar_hour").sort(KEY)
    assert built.published.select(everything.columns).sort(KEY).equals(everything)


def test_a_second_window_is_a_column_more_of_each(built: Built) -> None:
    steady = built.with_windows.filter(coin_id="steady").sort(KEY)
    close = steady["price"].to_numpy()
    returns = pl.Series(close).log().diff()
    for n in (20, 50):
        expected = {
            f"sma_{n}": talib.SMA(close, n),
            f"ema_{n}": ema(close, n),
            f"volatility_{n}": returns.rolling_std(n),
            f"volatility_{n}_annualised": returns.rolling_std(n) * 525_600**0.5,
        }
        for column, values in expected.items():
            assert steady[column].is_null().sum() == n - 1 + column.startswith("volatility")
            np.testing.assert_allclose(steady[column], values, rtol=1e-9)
    others = built.with_indicator.sort(KEY)
    assert built.with_windows.width == others.width + 4
    assert built.with_windows.select(others.columns).sort(KEY).equals(others)


def _load(file: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location("reference_of_the_walk_through", file)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _check_descriptions(settings: Settings, root: Path) -> None:
    """Every column of a mart has its line in the mart's YAML, and every other one in that of a model."""
    query = "select table_schema, table_name, column_name from information_schema.columns where table_schema = any(%s)"
    with connect(settings) as connection:
        columns = connection.execute(query, [["intermediate", "warehouse"]]).fetchall()
    assert len(columns) > 100
    yaml = {file.stem: file.read_text(encoding="utf-8") for file in root.glob("dbt_project/models/**/*.yml")}
    somewhere = "".join(yaml.values())
    said = {(*place, name): yaml[place[1]] if place[0] == "warehouse" else somewhere for *place, name in columns}
    assert [column for column, text in said.items() if f"      - name: {column[2]}\n" not in text] == []
