"""What every repair ends with: the next build leaves the tables of a full refresh."""

from datetime import datetime, timedelta

import polars as pl

from checks.compare import compare
from checks.landing import Offsets, land, landing_rows
from tests.warehouse.series import updates, walk
from tests.warehouse.warehouse import KEYS, Snapshot, Warehouse

TOLERANCE = 1e-12


def land_coin(warehouse: Warehouse, offsets: Offsets, coin: str, minutes: int, until: datetime) -> None:
    """A random walk of so many minutes, fetched as it went and landed in its last hour."""
    rows = updates(coin, "usd", walk(minutes, seed=minutes))
    shift = until - rows["last_updated_at"].max()  # type: ignore[operator]
    rows = rows.with_columns(pl.col("last_updated_at") + shift)
    land(landing_rows(rows, offsets), warehouse.settings, until + timedelta(minutes=1))


def require_as_full_refresh(warehouse: Warehouse) -> Snapshot:
    """A plain build passes, and a full refresh changes nothing; returns the tables."""
    built = warehouse.rebuilt()
    require_equal(built, warehouse.rebuilt("--full-refresh"))
    return built


def require_equal(actual: Snapshot, expected: Snapshot) -> None:
    differences = [
        f"{table}: {difference}"
        for table, rows in expected.items()
        for difference in compare(actual[table], rows, TOLERANCE, KEYS[table]).differences
    ]
    assert not differences, "\n".join(differences)
