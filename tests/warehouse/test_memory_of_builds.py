"""The process that builds again and again keeps its size, however long it runs."""

import os
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median

import polars as pl
import pyarrow as pa
import pytest

from building.worker_process import WorkerProcess
from checks.landing import Offsets, land, landing_rows
from tests.warehouse.warehouse import Warehouse
from tests.warehouse.workers import worker_of, worker_processes

pytestmark = [pytest.mark.integration, pytest.mark.long, pytest.mark.timeout(6 * 3600)]

BUILDS = int(os.environ.get("WAREHOUSE_BUILDS", "1000"))
COINS = 20
START = datetime(2026, 3, 10, 12, tzinfo=UTC)


@pytest.fixture
def worker(warehouse: Warehouse, tmp_path: Path) -> Iterator[WorkerProcess]:
    warehouse.reset()
    worker = worker_of(warehouse, warehouse.project, tmp_path, timeout_seconds=300)
    yield worker
    worker.end()


def test_memory_does_not_grow_over_many_builds(warehouse: Warehouse, worker: WorkerProcess) -> None:
    """A minute of prices is built and published each time. The first tenth, while caches fill, does not count."""
    offsets = Offsets()
    megabytes = []
    for number in range(BUILDS):
        land(minute_of_prices(number, offsets), warehouse.settings, START)
        worker.build(threading.Event(), with_publish=True)
        [process] = worker_processes()
        megabytes.append(process.memory_full_info().pss / 2**20)
    tenth = BUILDS // 10
    early, late = median(megabytes[tenth : 2 * tenth]), median(megabytes[-tenth:])
    print(f"MiB of the worker: {early:.0f} in the second tenth of {BUILDS} builds, {late:.0f} in the last")
    assert late < 1.05 * early


def minute_of_prices(number: int, offsets: Offsets) -> pa.Table:
    coins = pl.DataFrame({"coin_id": [f"coin-{coin}" for coin in range(COINS)]})
    updates = coins.with_columns(
        price=pl.int_range(100, 100 + COINS) + float(number % 7),
        vs_currency=pl.lit("usd"),
        last_updated_at=pl.lit(START + timedelta(minutes=number)),
    )
    return landing_rows(updates, offsets)
