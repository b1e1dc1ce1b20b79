"""A mart is a model in models/marts/, and nothing of what has to be said of it is missing anywhere."""

import re
from pathlib import Path

import pytest
import yaml

from coinloom.settings import REPOSITORY
from serving.marts import PERIODS, Mart, MartNotDescribed, read_marts
from tests.warehouse.made_warehouse import COLUMNS

MODELS = REPOSITORY / "dbt_project" / "models" / "marts"
MARTS = read_marts()
DESCRIBED = """
models:
  - name: crypto_table
    config: {meta: {published: {key: [vs_currency, coin_id, bar_minute], time: bar_minute, period: bar_hour}}}
"""


def test_the_folder_of_the_marts_is_what_is_published() -> None:
    assert {"crypto_table", "ohlc_1d", "top_5_losers"} < {mart.name for mart in MARTS}
    assert [mart.name for mart in MARTS] == sorted(file.stem for file in MODELS.glob("*.sql"))
    assert {file.stem for file in MODELS.glob("*.yml")} == {mart.name for mart in MARTS}


@pytest.mark.parametrize("mart", MARTS, ids=lambda mart: mart.name)
def test_a_mart_is_described_tested_and_shown_to_readers(mart: Mart) -> None:
    described = yaml.safe_load((MODELS / f"{mart.name}.yml").read_text(encoding="utf-8"))
    (model,) = described["models"]
    columns = {column["name"] for column in model["columns"]}
    assert {*mart.key, *([mart.time, mart.period.column] if mart.period else [])} <= columns
    guards = [test["well_formed"]["arguments"] for test in model["data_tests"] if "well_formed" in test]
    assert [sorted(guard["one_row_per"]) for guard in guards] == [sorted(mart.key)]
    assert {test["model"] for test in described["unit_tests"]} == {mart.name}
    exposures = [exposure for exposure in described["exposures"] if f"ref('{mart.name}')" in exposure["depends_on"]]
    assert any(f"`marts.{mart.name}`" in exposure["description"] for exposure in exposures)


@pytest.mark.parametrize("page", ["README.md", "docs/metrics.md", "dbt_project/models/overview.md"])
def test_the_pages_name_every_mart(page: str) -> None:
    text = (REPOSITORY / page).read_text(encoding="utf-8")
    text = text.replace("ohlc_5m, _1h, _1d", "ohlc_5m, ohlc_1h, ohlc_1d")
    assert [mart.name for mart in MARTS if not re.search(rf"\b{mart.name}\b", text)] == []


def test_publish_is_tested_with_every_mart() -> None:
    assert {f"warehouse.{mart.name}" for mart in MARTS} <= set(COLUMNS)


def test_a_mart_has_its_key_time_and_period_from_its_yaml(tmp_path: Path) -> None:
    (tmp_path / "crypto_table.sql").touch()
    with pytest.raises(MartNotDescribed, match=r"crypto_table.yml does not say how the mart is published"):
        read_marts(tmp_path)
    (tmp_path / "crypto_table.yml").write_text(DESCRIBED)
    key = ("vs_currency", "coin_id", "bar_minute")
    assert read_marts(tmp_path) == [Mart("crypto_table", key, "bar_minute", PERIODS["bar_hour"])]
    (tmp_path / "crypto_table.yml").write_text(DESCRIBED.replace("bar_hour", "bar_month"))
    with pytest.raises(MartNotDescribed, match="bar_month"):
        read_marts(tmp_path)
