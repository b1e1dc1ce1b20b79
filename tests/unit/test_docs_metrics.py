"""The pages that explain the models leave nothing out and name nothing that is not there."""

import re
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[2]  # not the settings' repository: a copy of this folder tests the copy
MODELS = ROOT / "dbt_project" / "models"
# They say which coin and which bar a row is about.
KEYS = {"coin_id", "vs_currency", "bar_minute", "bar_start", "bar_hour", "bar_day"}


def test_the_page_about_metrics_names_every_column_of_the_marts() -> None:
    page = (ROOT / "docs" / "metrics.md").read_text(encoding="utf-8")
    contracts = [yaml.safe_load(file.read_text(encoding="utf-8")) for file in (MODELS / "marts").glob("*.yml")]
    columns = {column["name"] for contract in contracts for column in contract["models"][0]["columns"]}
    assert {"macd", "minute_count", "rank"} < columns
    assert {column for column in columns - KEYS if f"`{column}`" not in page} == set()


def test_the_overview_names_every_model() -> None:
    overview = (MODELS / "overview.md").read_text(encoding="utf-8")
    models = {file.stem for file in MODELS.rglob("*.sql")}
    assert len(models) > 15
    assert {model for model in models if not re.search(rf"\b{model}\b", overview)} == set()
    assert set(re.findall(r"\b(?:stg|int|fct|ohlc|top_5|build|crypto)_\w+", overview)) <= models | {"crypto_prices"}
