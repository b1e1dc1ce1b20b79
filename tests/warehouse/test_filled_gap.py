"""A gap between two segments that is filled long after the second was built, as by a backfill or a replay."""

from datetime import datetime

import pytest

from checks.landing import Offsets, land, landing_rows
from tests.warehouse.as_full_refresh import require_as_full_refresh
from tests.warehouse.series import updates, walk
from tests.warehouse.warehouse import Warehouse

pytestmark = [pytest.mark.integration, pytest.mark.timeout(1800)]

LANDED = datetime(2026, 3, 12, 12)
MINUTES, GAP = 40 * 60, slice(120, 60)  # two hours, a missing one, and 37 more: longer than anything is remembered


@pytest.mark.usefixtures("quick_warehouse")
def test_two_segments_become_one_as_in_a_full_refresh(warehouse: Warehouse) -> None:
    warehouse.reset()
    rows, offsets = updates("steady", "usd", walk(MINUTES, seed=5)), Offsets()
    in_the_gap = rows.slice(GAP.start, GAP.stop)
    land(landing_rows(rows.join(in_the_gap, on="last_updated_at", how="anti"), offsets), warehouse.settings, LANDED)
    warehouse.build()
    segments = warehouse.read("warehouse.crypto_table")["segment_started_at"]
    assert segments.n_unique() > 1
    land(landing_rows(in_the_gap, offsets), warehouse.settings, LANDED)
    after = require_as_full_refresh(warehouse)["warehouse.crypto_table"]
    assert after.height == MINUTES
    began = after["segment_started_at"].dt.replace_time_zone(None).min()
    assert began == rows["last_updated_at"].dt.truncate("1m").min()
