"""dbt on the Thrift Server, its documentation and its freshness check, without any wrapper."""

import json
from pathlib import Path

import pytest
import requests

from coinloom.settings import Settings, Target
from stores.thrift import open_cursor
from tests.commands import run_command, run_dbt
from tests.integration.market import Rows
from tests.integration.warm_stream import WarmStream

SHUFFLES_AND_WINDOWS = {"int_prices": (1, 1), "int_minute_bars": (2, 1), "crypto_table": (2, 8)}


@pytest.fixture(scope="module")
def artifacts(tmp_path_factory: pytest.TempPathFactory) -> dict[Target, Path]:
    """A folder for each target: where the target changes, dbt parses the whole project again."""
    return {target: tmp_path_factory.mktemp(target) for target in Target}


def test_source_freshness_is_fresh_after_a_poll(
    landed: Settings, warm_stream: WarmStream, artifacts: dict[Target, Path]
) -> None:
    """Before the marts are built, which the tests of other files expect to hold all that has landed."""
    run_command(landed, "coinloom", "poll", "--once")
    warm_stream.land(landed)
    for target, folder in artifacts.items():
        output = run_dbt(landed, folder, "source", "freshness", "--target", target)
        assert "PASS freshness of landing.crypto_prices" in output


def test_unit_tests_and_docs_on_spark(
    landed: Settings, marts: dict[Target, Rows], artifacts: dict[Target, Path]
) -> None:
    folder = artifacts[Target.SPARK]
    log = folder / "dbt.log"
    log.unlink(missing_ok=True)
    output = run_dbt(landed, folder, "test", "--selector", "unit_tests", "--target", "spark")
    assert "ERROR=0" in output
    assert "unit tests" in output
    assert 0 < log.read_text().count("Opening a new connection") <= 8, "a thread keeps its session"
    run_dbt(landed, folder, "docs", "generate", "--target", "spark")
    catalog = json.loads((folder / "catalog.json").read_text())
    assert "model.coinloom.crypto_table" in catalog["nodes"]


def test_every_column_of_every_model_is_described(
    landed: Settings, marts: dict[Target, Rows], artifacts: dict[Target, Path]
) -> None:
    folder = artifacts[Target.POSTGRES]
    run_dbt(landed, folder, "docs", "generate", "--target", "postgres")
    manifest = json.loads((folder / "manifest.json").read_text())
    catalog = json.loads((folder / "catalog.json").read_text())
    tables = manifest["nodes"] | manifest["sources"]
    built = {name: entry for name, entry in (catalog["nodes"] | catalog["sources"]).items() if name in tables}
    assert len(built) >= 27

    def described(name: str) -> set[str]:
        """A mart and a source say all themselves; others add to what they read, and say what they add."""
        own = {column for column, about in tables[name]["columns"].items() if about["description"]}
        parents = [] if "marts" in tables[name]["fqn"] else manifest["parent_map"].get(name, [])
        return own.union(*(described(parent) for parent in parents if parent in built))

    for name, entry in built.items():
        assert {column.lower() for column in entry["columns"]} <= described(name), name


def test_spark_moves_and_copies_rows_no_more_than_it_has_to(
    landed: Settings, marts: dict[Target, Rows], artifacts: dict[Target, Path]
) -> None:
    folder = artifacts[Target.SPARK]
    run_dbt(landed, folder, "compile", "--full-refresh", "--target", "spark")
    nodes = json.loads((folder / "manifest.json").read_text())["nodes"]
    with open_cursor(landed) as cursor:
        for model, (shuffles, windows) in SHUFFLES_AND_WINDOWS.items():
            cursor.execute(f"explain {nodes[f'model.coinloom.{model}']['compiled_code']}")
            plan = "\n".join(line for (line,) in cursor.fetchall())
            assert plan.count("Exchange hashpartitioning") == shuffles, plan
            assert plan.count("- Window [") == windows, plan
            assert "SortMergeJoin" not in plan, plan


def test_the_simulator_answers_as_a_command(stack: Settings) -> None:
    answer = requests.get(f"{stack.coingecko_base_url}/ping", timeout=5)
    assert answer.json() == {"gecko_says": "(V3) To the Moon!"}
