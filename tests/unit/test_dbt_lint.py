"""What the lint of the dbt project refuses: columns that nobody describes or tests, an empty project."""

from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from dbt_lint.columns import undescribed, untested, without_columns, without_grain

JSON = dict[str, Any]


def node(name: str, layer: str, columns: JSON, parents: list[str], kind: str = "model") -> JSON:
    """A model or a source as it is in the manifest, as far as it matters here."""
    return {
        "unique_id": f"{kind}.coinloom.{name}",
        "resource_type": kind,
        "name": name,
        "schema": layer,
        "fqn": ["coinloom", layer, name],
        "original_file_path": f"models/{layer}/{name}.sql",
        "config": {"materialized": "incremental" if layer == "marts" else "kept_view"},
        "columns": {column: {"name": column, "description": text} for column, text in columns.items()},
        "depends_on": {"nodes": parents},
    }


def a_test(name: str, model: str, **kwargs: Any) -> JSON:
    """A generic test as it is in the manifest."""
    model_id = f"model.coinloom.{model}"
    return {
        "unique_id": f"test.coinloom.{name}_{model}_{kwargs.get('column_name', '')}",
        "resource_type": "test",
        "test_metadata": {"name": name, "kwargs": kwargs},
        "column_name": kwargs.get("column_name"),
        "attached_node": model_id,
        "depends_on": {"nodes": [model_id]},
    }


def by_id(*nodes: JSON) -> JSON:
    return {each["unique_id"]: each for each in nodes}


@pytest.fixture
def manifest() -> JSON:
    """Staging, a view that adds `double_price` and passes the rest on, and a mart with a grain and a price."""
    texts = {"coin_id": "The coin.", "price": "Its price."}
    return {
        "metadata": {
            "dbt_schema_version": "https://schemas.getdbt.com/dbt/manifest/v12.json",
            "project_name": "coinloom",
        },
        "sources": {},
        "unit_tests": {},
        "nodes": by_id(
            node("stg_prices", "staging", texts, []),
            node("int_prices", "intermediate", {"double_price": "Twice."}, ["model.coinloom.stg_prices"]),
            node("prices", "marts", texts | {"double_price": "Twice."}, ["model.coinloom.int_prices"]),
            a_test("well_formed", "prices", one_row_per=["coin_id"], never_null=["price"]),
            a_test("not_null", "prices", column_name="coin_id"),
            a_test("not_null", "prices", column_name="price"),
        ),
    }


@pytest.fixture
def catalog(manifest: JSON) -> JSON:
    """What the database has: each model with all the columns."""
    columns = {name: {"name": name} for name in ("coin_id", "price", "double_price")}
    models = [each for each in manifest["nodes"].values() if each["resource_type"] == "model"]
    found = {each["unique_id"]: {"unique_id": each["unique_id"], "columns": deepcopy(columns)} for each in models}
    del found["model.coinloom.stg_prices"]["columns"]["double_price"]
    return {"nodes": found, "sources": {}}


def test_a_view_need_not_describe_what_it_passes_on(manifest: JSON, catalog: JSON, tmp_path: Path) -> None:
    assert undescribed(manifest, catalog, tmp_path) == []
    assert untested(manifest, catalog, tmp_path) == []
    assert without_grain(manifest) == []
    assert without_columns(manifest, catalog) == []


@pytest.mark.parametrize(
    ("model", "column", "missing"),
    [
        ("int_prices", "double_price", ["intermediate.int_prices.double_price"]),
        ("prices", "price", ["marts.prices.price"]),
        # whoever makes the column has to say what it is, and nobody after him does
        ("stg_prices", "price", ["intermediate.int_prices.price", "staging.stg_prices.price"]),
    ],
)
def test_a_column_without_description_is_named(
    *, manifest: JSON, catalog: JSON, tmp_path: Path, model: str, column: str, missing: list[str]
) -> None:
    del manifest["nodes"][f"model.coinloom.{model}"]["columns"][column]
    assert undescribed(manifest, catalog, tmp_path) == missing


def test_a_column_that_is_never_null_needs_a_test_of_its_own(manifest: JSON, catalog: JSON, tmp_path: Path) -> None:
    del manifest["nodes"]["test.coinloom.not_null_prices_price"]
    assert untested(manifest, catalog, tmp_path) == ["marts.prices.price"]


def test_a_mart_without_a_grain_is_named(manifest: JSON) -> None:
    del manifest["nodes"]["test.coinloom.well_formed_prices_"]
    assert without_grain(manifest) == ["prices"]


def test_a_model_that_dbt_has_not_built_is_named(manifest: JSON, catalog: JSON) -> None:
    del catalog["nodes"]["model.coinloom.prices"]
    assert without_columns(manifest, catalog) == ["prices"]


def test_a_project_without_models_is_refused(manifest: JSON, catalog: JSON) -> None:
    assert without_columns(manifest | {"nodes": {}}, catalog) == ["coinloom"]
