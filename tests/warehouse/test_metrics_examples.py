"""docs/metrics.md, executed: its examples are landed, built by dbt, and read back from the warehouse.

Each example is a currency of its own, so that it has its own newest minute and its own top 5. The examples have other
windows than the columns in the contract of crypto_table, so a copy of the project builds them that enforces none.
"""

import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from math import isclose
from pathlib import Path
from typing import Any

import polars as pl
import psycopg
import pytest
from psycopg import sql

from checks.landing import Offsets, land, landing_rows
from coinloom.settings import Settings
from serving.marts import read_marts
from stack.with_postgres import temporary_postgres
from stores.database import connect
from tests.commands import run_command

pytestmark = pytest.mark.integration

ROOT = Path(__file__).parents[2]  # not the settings' repository: a copy of this folder tests the copy
DAY = "2026-03-10"
TOLERANCE = 1e-9  # the page shows ten digits
CONTRACT, NO_CONTRACT = "+contract: {enforced: true}", "+contract: {enforced: false}"
MARTS = [mart.name for mart in read_marts(ROOT / "dbt_project" / "models" / "marts")]
# They say which bar it is, or are taken over as volume_24h is, which has an example.
NOT_COMPUTED = {
    *("coin_id", "vs_currency", "bar_minute", "bar_start", "bar_hour", "bar_day"),
    *("symbol", "name", "market_cap", "market_cap_rank", "high_24h", "low_24h", "price_change_24h_pct_coingecko"),
}

VARS = re.compile(r"```yaml\n(.*?)```", re.DOTALL)
SECTION = re.compile(r"^### (.+)\n((?:(?!###? ).*\n)*)", re.MULTILINE)
TABLE = re.compile(r"^<!-- (updates)?(?: and )?(?:result in (\S+) )?.*-->\n((?:\|.*\n)+)", re.MULTILINE)
TIME = re.compile(r"(\d{4}-\d\d-\d\d )?\d\d:\d\d(:\d\d)?")

Row = dict[str, Any]


@dataclass(frozen=True)
class Result:
    """The rows that a table of the warehouse has for the example, in the order of its first two columns."""

    table: str
    rows: list[Row]


@dataclass(frozen=True)
class Example:
    metric: str
    updates: list[Row]
    results: list[Result]


def read_examples(page: str) -> list[Example]:
    """One for each metric of the page, empty if it has none."""
    return [_read_example(metric, text) for metric, text in SECTION.findall(page)]


def _read_example(metric: str, text: str) -> Example:
    updates: list[Row] = []
    results = []
    for has_updates, result_table, lines in TABLE.findall(text):
        rows = _rows(lines)
        updates += rows if has_updates else []
        results += [Result(result_table, rows)] if result_table else []
    return Example(metric, updates, results)


def _rows(table: str) -> list[Row]:
    header, _, *lines = ([cell.strip() for cell in line.strip("| ").split("|")] for line in table.splitlines())
    return [dict(zip(header, map(_value, line), strict=True)) for line in lines]


def _value(cell: str) -> Any:
    if cell in {"null", "true", "false"}:
        return {"null": None, "true": True, "false": False}[cell]
    if TIME.fullmatch(cell):
        return datetime.fromisoformat(cell if " " in cell else f"{DAY} {cell}")
    return float(cell) if re.fullmatch(r"-?[\d.]+", cell) else cell


PAGE = (ROOT / "docs" / "metrics.md").read_text(encoding="utf-8")
EXAMPLES = read_examples(PAGE)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[psycopg.Connection]:
    """The warehouse in PostgreSQL, built once from the updates of all examples with the vars of the page."""
    project = _project_without_contract(tmp_path_factory.mktemp("metrics"))
    (variables,) = VARS.findall(PAGE)
    with temporary_postgres() as settings:
        _land(settings)
        options = ["--target", "postgres", "--exclude-resource-type", "unit_test", "--vars", variables]
        run_command(settings, "dbt", "build", *options, cwd=project)
        with connect(settings) as connection:
            yield connection


def test_every_metric_has_one_example() -> None:
    assert len(EXAMPLES) == len(re.findall(r"^### ", PAGE, re.MULTILINE)) >= 11
    for example in EXAMPLES:
        assert example.updates, example.metric
        tables = [result.table for result in example.results if result.rows]
        assert tables, example.metric
        assert len(set(tables)) == len(tables), f"{example.metric} has two examples"


def test_every_column_has_an_example(built: psycopg.Connection) -> None:
    shown = {(result.table, column) for example in EXAMPLES for result in example.results for column in result.rows[0]}
    query = "select 'warehouse.' || table_name, column_name from information_schema.columns where table_name = any(%s)"
    there = set(built.execute(f"{query} and table_schema = 'warehouse'", [MARTS]).fetchall())
    assert {table for table, _ in there} == {f"warehouse.{mart}" for mart in MARTS}
    assert {(table, column) for table, column in there - shown if column not in NOT_COMPUTED} == set()


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.metric)
def test_the_warehouse_gives_the_numbers_of_the_example(example: Example, built: psycopg.Connection) -> None:
    for result in example.results:
        actual = _read(built, result, example.metric)
        assert len(actual) == len(result.rows), f"{result.table} has {actual}"
        for row, expected in zip(actual, result.rows, strict=True):
            wrong = {name: row[name] for name in expected if not _equal(row[name], expected[name])}
            assert not wrong, f"{result.table} has {wrong} where the page has {expected}"


def _project_without_contract(folder: Path) -> Path:
    project = folder / "dbt_project"
    shutil.copytree(ROOT / "dbt_project", project, ignore=shutil.ignore_patterns("target", "logs", "*.log"))
    settings = (project / "dbt_project.yml").read_text(encoding="utf-8")
    assert settings.count(CONTRACT) == 1
    (project / "dbt_project.yml").write_text(settings.replace(CONTRACT, NO_CONTRACT), encoding="utf-8")
    return project


def _land(settings: Settings) -> None:
    offsets = Offsets()
    for example in EXAMPLES:
        rows = landing_rows(_updates(example), offsets)
        land(rows, settings, rows["landed_at"][0].as_py())


def _updates(example: Example) -> pl.DataFrame:
    """In a table of updates and results in one, `bar_minute` is the time of the update."""
    rows = [
        {
            "coin_id": row.get("coin_id", "coin"),
            "vs_currency": example.metric,
            "last_updated_at": row.get("last_updated_at") or row["bar_minute"],
            **{column: row[column] for column in ("price", "volume_24h") if column in row},
        }
        for row in example.updates
    ]
    return pl.DataFrame(rows)


def _read(connection: psycopg.Connection, result: Result, currency: str) -> list[Row]:
    columns = list(result.rows[0])
    query = sql.SQL("select {} from {} where vs_currency = %s order by 1, 2").format(
        sql.SQL(", ").join(map(sql.Identifier, columns)), sql.Identifier(*result.table.split("."))
    )
    rows = connection.execute(query, [currency]).fetchall()
    return [dict(zip(columns, row, strict=True)) for row in rows]


def _equal(actual: Any, expected: Any) -> bool:
    if isinstance(expected, float) and isinstance(actual, int | float):
        return isclose(actual, expected, rel_tol=TOLERANCE, abs_tol=TOLERANCE)
    return bool(actual == expected) and type(actual) is type(expected)
