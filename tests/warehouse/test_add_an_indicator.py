"""CONTRIBUTING.md's "Add an indicator", carried out on a copy of the project: its blocks applied, its commands run.

A block is introduced by the files that it changes. Its lines are those of `diff` without line numbers: together, those
with a blank or a minus occur once in the file, and those with a blank or a plus replace them. `@@` separates hunks.
"""

import importlib.util
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from types import ModuleType

import numpy as np
import polars as pl
import pytest
import talib

from coinloom.settings import REPOSITORY, Settings, Target
from serving.database import connect
from serving.publish import publish
from stack.with_postgres import temporary_postgres
from tests.integration.conftest import run_command
from tests.warehouse.compare import compare
from tests.warehouse.landing import Offsets, land, landing_rows
from tests.warehouse.reference import KEY, ema, expected_table
from tests.warehouse.series import updates, walk, with_gap

pytestmark = pytest.mark.integration

COPIED = ("dbt_project", "profiles", "docs", "tests")
UPDATES = pl.concat([updates("steady", "usd", walk(130, seed=1)), updates("gap", "usd", with_gap(30))])
WITHOUT_UNIT_TESTS = ("--target", "postgres", "--exclude-resource-type", "unit_test")

FILES_AND_BLOCK = re.compile(r"^((?:`[\w./]+`[,:]\s)+)\n```diff\n(.*?)^```$", re.MULTILINE | re.DOTALL)
COMMANDS = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)


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
    _copy_project(root)
    add, another_window = _parts()
    with temporary_postgres() as any_target:
        settings = any_target.model_copy(update={"dbt_target": Target.POSTGRES})
        rows = landing_rows(UPDATES, Offsets())
        land(rows, settings, rows["landed_at"][0].as_py())
        run_command(settings, "dbt", "build", *WITHOUT_UNIT_TESTS, cwd=root / "dbt_project")
        publish(settings)
        _carry_out(add, root, settings)
        publish(settings)
        first = Built(
            reference=_load(root / "tests/warehouse/reference.py"),
            with_indicator=_read(settings, "warehouse"),
            published=_read(settings, "marts"),
            with_windows=pl.DataFrame(),
        )
        _check_descriptions(settings, root)
        _carry_out(another_window, root, settings)
        _check_descriptions(settings, root)
        yield replace(first, with_windows=_read(settings, "warehouse"))


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


def _parts() -> tuple[str, str]:
    """The text of the walk-through, and that of its part about another window."""
    text = (REPOSITORY / "CONTRIBUTING.md").read_text(encoding="utf-8")
    _, walk_through = text.split("\n## Add an indicator\n")
    add, another_window = walk_through.split("\n## ")[0].split("\n### Another window\n")
    return add, another_window


def _carry_out(part: str, root: Path, settings: Settings) -> None:
    """Apply the part's blocks in order, then run its commands."""
    blocks = FILES_AND_BLOCK.findall(part)
    assert len(blocks) == part.count("```diff") > 4
    for files, block in blocks:
        for file in re.findall(r"`(.+?)`", files):
            for hunk in block.split("@@\n"):
                _apply(hunk, root / file)
    (commands,) = COMMANDS.findall(part)
    run_command(settings, "bash", "-e", "-c", commands, cwd=root)


def _apply(hunk: str, file: Path) -> None:
    lines = [line or " " for line in hunk.splitlines()]  # an editor may have taken the blank of an empty line
    old, new = ([line[1:] for line in lines if line[0] in kinds] for kinds in (" -", " +"))
    assert {line[0] for line in lines} <= set(" -+"), hunk
    there = file.read_text(encoding="utf-8").split("\n")
    places = [at for at in range(len(there)) if there[at : at + len(old)] == old]
    assert len(places) == 1, f"{file} has {len(places)} places for\n{hunk}"
    there[places[0] : places[0] + len(old)] = new
    file.write_text("\n".join(there), encoding="utf-8")


def _copy_project(root: Path) -> None:
    ignored = shutil.ignore_patterns("target", "logs", "*.log", "__pycache__")
    for folder in COPIED:
        shutil.copytree(REPOSITORY / folder, root / folder, ignore=ignored)
    shutil.copy(REPOSITORY / "pyproject.toml", root)


def _load(file: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location("reference_of_the_walk_through", file)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _read(settings: Settings, schema: str) -> pl.DataFrame:
    with connect(settings) as connection:
        cursor = connection.execute(f"select * from {schema}.crypto_table")  # noqa: S608 a name of ours
        columns = [column.name for column in cursor.description or ()]
        return pl.DataFrame(cursor.fetchall(), schema=columns, orient="row", infer_schema_length=None)


def _check_descriptions(settings: Settings, root: Path) -> None:
    """Every column that is there has its line in the YAML of its model."""
    query = "select table_name, column_name from information_schema.columns where table_schema = any(%s)"
    with connect(settings) as connection:
        columns = connection.execute(query, [["intermediate", "warehouse"]]).fetchall()
    assert len(columns) > 100
    yaml = {file.stem: file.read_text(encoding="utf-8") for file in root.glob("dbt_project/models/*/*.yml")}
    assert [(table, name) for table, name in columns if f"      - name: {name}\n" not in yaml[table]] == []
