"""The starting set for Superset fits the marts: each is a dataset of columns that it has, and charts ask for no others.

A column that is new may be left out: in Superset, *Sync columns from source* finds it.
"""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from coinloom.settings import REPOSITORY

SET = REPOSITORY / "bi" / "superset"
MODELS = REPOSITORY / "dbt_project" / "models" / "marts"
# A dataset of its own kind: a view of our database, not a model.
FRESHNESS = {"mart", "changed_at"}
TYPES = {"string": "TEXT", "timestamp": "TIMESTAMP WITHOUT TIME ZONE", "int": "INTEGER", "bigint": "BIGINT"}
TYPES |= {"boolean": "BOOLEAN"}
ROWS_OF_SUPERSET = 50_000  # its ROW_LIMIT; CoinGecko lists some 15,000 coins, and the dashboard shows one currency


def read(kind: str) -> dict[str, Any]:
    """By uuid."""
    found = [yaml.safe_load(file.read_text(encoding="utf-8")) for file in sorted((SET / kind).rglob("*.yaml"))]
    return {one["uuid"]: one for one in found}


(DATABASE,) = read("databases").values()
DATASETS, CHARTS = read("datasets"), read("charts")
(DASHBOARD,) = read("dashboards").values()


def published_columns(model: Path) -> dict[str, str]:
    """By the mart's contract; what is neither text nor time is a double, but for what has a name on both engines."""
    (mart,) = yaml.safe_load(model.read_text(encoding="utf-8"))["models"]
    period = mart["config"]["meta"]["published"].get("period")
    return {
        column["name"]: TYPES.get(column["data_type"], "DOUBLE PRECISION")
        for column in mart["columns"]
        if column["name"] != period
    }


def test_the_database_has_no_password_and_only_reads() -> None:
    user, password = re.findall(r"//(\w+):(\w+)@127.0.0.1:5432/coinloom$", DATABASE["sqlalchemy_uri"])[0]
    assert (user, set(password)) == ("bi_reader", {"X"})  # Superset asks for it then
    assert [DATABASE[right] for right in ("allow_dml", "allow_ctas", "allow_cvas", "allow_csv_upload")] == [False] * 4


def test_every_mart_is_a_dataset_of_columns_that_it_has() -> None:
    by_name = {dataset["table_name"]: dataset for dataset in DATASETS.values()}
    assert by_name.keys() == {model.stem for model in MODELS.glob("*.yml")} | {"freshness"}
    for name, dataset in by_name.items():
        columns = {column["column_name"]: column["type"] for column in dataset["columns"]}
        if name == "freshness":
            assert columns.keys() == FRESHNESS
        else:
            assert columns.items() <= published_columns(MODELS / f"{name}.yml").items()
        assert (dataset["schema"], dataset["database_uuid"]) == ("marts", DATABASE["uuid"])
        assert columns[dataset["main_dttm_col"]].startswith("TIMESTAMP")
        assert [c["column_name"] for c in dataset["columns"] if c["is_dttm"]] == [
            column for column, kind in columns.items() if kind.startswith("TIMESTAMP")
        ]


@pytest.mark.parametrize("chart", CHARTS.values(), ids=lambda chart: str(chart["slice_name"]))
def test_a_chart_asks_for_columns_that_are_there(chart: dict[str, Any]) -> None:
    columns = {column["column_name"] for column in DATASETS[chart["dataset_uuid"]]["columns"]}
    asked = chart["params"]
    names = {*asked.get("all_columns", []), *asked.get("groupby", []), *asked.get("column_config", {})}
    metrics = [*asked.get("metrics", []), *([asked["metric"]] if "metric" in asked else [])]
    names |= {name for metric in metrics for name in re.findall(r"\((\w+)\)", metric["sqlExpression"])}
    assert names
    assert names <= columns


def test_a_chart_of_every_coin_has_room_for_all_that_coingecko_knows() -> None:
    charts = [chart for chart in CHARTS.values() if chart["description"].startswith("Every coin")]
    assert [chart["params"]["row_limit"] for chart in charts] == [ROWS_OF_SUPERSET]


def test_the_dashboard_shows_every_chart_and_filters_by_columns_that_are_there() -> None:
    places = [place["meta"] for place in DASHBOARD["position"].values() if isinstance(place, dict) and "meta" in place]
    shown = {place["uuid"]: place["sliceName"] for place in places if "uuid" in place}
    assert shown == {uuid: chart["slice_name"] for uuid, chart in CHARTS.items()}
    for native_filter in DASHBOARD["metadata"]["native_filter_configuration"]:
        (target,) = native_filter["targets"]
        columns = {column["column_name"] for column in DATASETS[target["datasetUuid"]]["columns"]}
        assert target["column"]["name"] in columns
