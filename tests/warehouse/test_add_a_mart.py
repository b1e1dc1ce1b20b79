"""docs/add-a-mart.md, carried out on a copy of the project: see walk_through.py."""

from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest

from coinloom.settings import Settings
from serving.marts import read_marts
from serving.publish import publish
from tests.warehouse.walk_through import built_copy, carry_out, page, read_postgres

pytestmark = pytest.mark.integration

MARTS = Path("dbt_project", "models", "marts")


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """The marts as they are, published; then the new one is added as the page says, and published."""
    root = tmp_path_factory.mktemp("walk-through")
    with built_copy(root) as settings:
        publish(settings, read_marts(root / MARTS))
        carry_out(page("add-a-mart.md"), root, settings)
        assert {mart.name for mart in publish(settings, read_marts(root / MARTS))} > {"ohlc_15m", "ohlc_5m"}
        yield settings


def test_the_mart_is_what_polars_makes_of_the_minutes(published: Settings) -> None:
    start = pl.col("bar_minute").dt.truncate("15m").alias("bar_start")
    bars = read_postgres(published, "marts.crypto_table").sort("bar_minute").group_by("coin_id", "vs_currency", start)
    expected = bars.agg(
        pl.col("open").first(), pl.col("high").max(), pl.col("low").min(), pl.col("price").last().alias("close")
    )
    key = ["coin_id", "vs_currency", "bar_start"]
    actual = read_postgres(published, "marts.ohlc_15m").select(expected.columns)
    assert actual.height > 10
    assert actual.sort(key).equals(expected.sort(key))
