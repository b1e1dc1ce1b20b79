"""A price stands still for a week: what its averages remember of moves fades to less than a double holds."""

from datetime import datetime

import polars as pl
import pytest

from checks.landing import Offsets, land, landing_rows
from coinloom.settings import Target
from stores.database import connect
from tests.warehouse.series import updates
from tests.warehouse.warehouse import Warehouse

pytestmark = pytest.mark.integration

NOON = datetime(2026, 3, 10, 12)


def test_builds_go_on_from_an_average_that_has_faded(warehouse: Warehouse) -> None:
    if warehouse.target is Target.SPARK:
        pytest.skip("Spark takes for 0 what PostgreSQL refuses to multiply")
    warehouse.reset()
    rows = updates("steady", "usd", [(100.0,)] * 240)
    rows = rows.with_columns(pl.col("last_updated_at") + (NOON - rows["last_updated_at"].min()))  # type: ignore[operator]
    landed, offsets = rows["last_updated_at"] < NOON.replace(hour=15), Offsets()
    land(landing_rows(rows.filter(landed), offsets), warehouse.settings, NOON)
    warehouse.rebuilt()
    with connect(warehouse.settings) as connection:  # as after 164 hours
        connection.execute("update warehouse.crypto_table set average_gain_14 = 1.4e-322 where average_gain_14 = 0")
    land(landing_rows(rows.filter(~landed), offsets), warehouse.settings, NOON)
    table = warehouse.rebuilt()["warehouse.crypto_table"]
    assert table.filter(pl.col("bar_hour") == "2026-03-10T15")["average_gain_14"].to_list() == [0.0] * 60
