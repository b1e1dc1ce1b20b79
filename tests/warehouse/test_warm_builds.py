"""The process that builds again and again, with the real dbt project and real servers."""

import json
import re
import shutil
import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import sleep

import polars as pl
import pytest

from building.errors import BuildFailed
from building.worker_process import WorkerProcess
from checks.compare import compare
from checks.landing import Offsets, land, landing_rows
from coinloom.settings import Target
from health.builds import Build, last_builds
from serving.build_lock import PRODUCTION, take_build_lock
from stores.database import connect
from tests.warehouse.as_full_refresh import require_equal
from tests.warehouse.reference import expected_table
from tests.warehouse.warehouse import Warehouse
from tests.warehouse.workers import worker_of, worker_processes

pytestmark = [pytest.mark.integration, pytest.mark.timeout(600)]

START = datetime(2026, 3, 10, 12, tzinfo=UTC)
ENOUGH_SECONDS = 300.0


class Market:
    """Lands one price a minute of one coin."""

    def __init__(self, warehouse: Warehouse) -> None:
        self._warehouse = warehouse
        self._offsets = Offsets()
        self._batches: list[pl.DataFrame] = []

    def move_on(self, minutes: int) -> None:
        instants = [START + timedelta(minutes=self.minutes + minute) for minute in range(minutes)]
        updates = pl.DataFrame({"coin_id": "bitcoin", "vs_currency": "usd", "last_updated_at": instants}).with_columns(
            price=pl.int_range(1, minutes + 1).cast(float)
        )
        land(landing_rows(updates, self._offsets), self._warehouse.settings, datetime(2026, 3, 10))
        self._batches.append(updates)

    @property
    def minutes(self) -> int:
        return sum(batch.height for batch in self._batches)

    @property
    def updates(self) -> pl.DataFrame:
        return pl.concat(self._batches).with_columns(pl.col("last_updated_at").dt.replace_time_zone(None))


@pytest.fixture(scope="module")
def market(warehouse: Warehouse) -> Market:
    warehouse.reset()
    return Market(warehouse)


@pytest.fixture(scope="module")
def project(warehouse: Warehouse, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy, beside which its workers keep what they have parsed."""
    copy = tmp_path_factory.mktemp("warm") / "dbt_project"
    return Path(shutil.copytree(warehouse.project, copy, ignore=shutil.ignore_patterns("target")))


@pytest.fixture(scope="module")
def worker(warehouse: Warehouse, project: Path) -> Iterator[WorkerProcess]:
    worker = worker_of(warehouse, project, project.parent, ENOUGH_SECONDS)
    yield worker
    worker.end()


def build(worker: WorkerProcess) -> dict[str, float]:
    return worker.build(threading.Event(), with_publish=False)


def bars(warehouse: Warehouse) -> int:
    return warehouse.read("warehouse.crypto_table").height


def test_warm_builds_are_those_of_dbt(
    warehouse: Warehouse, market: Market, worker: WorkerProcess, project: Path
) -> None:
    market.move_on(50)
    build(worker)
    processes = worker_processes()
    assert bars(warehouse) == market.minutes

    model = project / "models" / "intermediate" / "prices" / "int_prices.sql"
    good = model.read_text(encoding="utf-8")
    model.write_text(f"{good}\nno sql", encoding="utf-8")
    with pytest.raises(BuildFailed, match="int_prices"):
        build(worker)
    model.write_text(good, encoding="utf-8")

    market.move_on(30)
    assert warehouse.dbt("build").returncode == 0  # somebody else's
    market.move_on(20)
    build(worker)
    assert worker_processes() == processes
    assert compare(warehouse.read("warehouse.crypto_table"), expected_table(market.updates), 1e-12).differences == []
    last, by_hand, failed, first = last_builds(warehouse.settings, 4)
    assert [build.outcome for build in (first, failed, by_hand, last)] == ["passed", "failed", "passed", "passed"]
    assert failed.failed_node == "int_prices"
    assert re.fullmatch(r"\w+ Error in model int_prices .*", failed.failure or "")
    assert (failed.models_failed, failed.tests_failed) == (1, 0)
    assert failed.tests_skipped > 0
    assert first.ended_at < failed.began_at < failed.ended_at < by_hand.began_at
    agrees_with_dbt(by_hand, warehouse.artifacts)
    assert (last.models_passed, last.command, last.target) == (by_hand.models_passed, "build", warehouse.target)


def agrees_with_dbt(build: Build, artifacts: Path) -> None:
    """What dbt itself writes of its last command says the same."""
    everything = json.loads((artifacts / "run_results.json").read_text(encoding="utf-8"))["results"]
    results = [result for result in everything if not result["unique_id"].startswith("operation.")]
    counts = Counter((result["unique_id"].split(".")[0], result["status"]) for result in results)
    assert (build.models_passed, build.tests_passed) == (counts["model", "success"], counts["test", "pass"])
    assert build.models_passed + build.tests_passed == len(results) > 30
    seconds = sorted((result["execution_time"] for result in results), reverse=True)
    assert build.seconds_in_models + build.seconds_in_tests == pytest.approx(sum(seconds), rel=1e-3)
    assert [node["seconds"] for node in build.slowest_nodes] == pytest.approx(seconds[:10], abs=1e-3)


@pytest.mark.usefixtures("quick_warehouse")
def test_warm_builds_leave_the_tables_of_a_full_refresh(
    warehouse: Warehouse, market: Market, worker: WorkerProcess
) -> None:
    for minutes in (10, 20):
        market.move_on(minutes)
        build(worker)
    require_equal(warehouse.snapshot(), warehouse.rebuilt("--full-refresh"))


@pytest.mark.parametrize("warehouse", [Target.POSTGRES], indirect=True)
def test_a_build_is_as_good_without_its_row(warehouse: Warehouse) -> None:
    with connect(warehouse.settings) as connection:
        connection.execute("alter table operations.builds rename to taken_away")
    try:
        done = warehouse.dbt("run", "--select", "no_such_model")
    finally:
        with connect(warehouse.settings) as connection:
            connection.execute("alter table operations.taken_away rename to builds")
    assert done.returncode == 0
    assert done.stdout.count("operations.builds has no row of this command") == 1


@pytest.mark.usefixtures("quick_warehouse")
def test_a_build_goes_on_after_its_process_was_killed(
    warehouse: Warehouse, market: Market, worker: WorkerProcess
) -> None:
    market.move_on(40)
    with ThreadPoolExecutor(1) as pool:
        killed = pool.submit(build, worker)
        while len(worker.doing) < len(["dbt build", "a node"]) and not killed.done():
            sleep(0.01)
        worker_processes()[0].kill()
        with pytest.raises(BuildFailed, match=r"ended with exit code -9, while it was at: .*dbt build"):
            killed.result()
    build(worker)
    assert bars(warehouse) == market.minutes


def test_a_project_that_changes_while_a_build_waits_is_not_built_as_it_was(
    warehouse: Warehouse, market: Market, worker: WorkerProcess, project: Path
) -> None:
    if warehouse.target is Target.SPARK:
        pytest.skip("it waits for the build lock, which is in PostgreSQL and comes before all else")
    market.move_on(1)
    build(worker)
    model = project / "models" / "intermediate" / "prices" / "int_prices.sql"
    good = model.read_text(encoding="utf-8")
    try:
        with ThreadPoolExecutor(1) as pool:
            with take_build_lock(warehouse.settings, "a test"):
                waiting = pool.submit(build, worker)
                while not is_at_the_lock(warehouse) and not waiting.done():
                    sleep(0.05)
                model.write_text(f"{good}\nno sql", encoding="utf-8")
            with pytest.raises(BuildFailed, match="The dbt project has changed since this build parsed it"):
                waiting.result()
        with pytest.raises(BuildFailed, match="int_prices"):
            build(worker)
    finally:
        model.write_text(good, encoding="utf-8")
    build(worker)
    assert bars(warehouse) == market.minutes


def is_at_the_lock(warehouse: Warehouse) -> bool:
    """Whether a dbt build has just tried to take it."""
    tries = """
        select 1 from pg_stat_activity
        where application_name like 'dbt build, process %' and query like 'select pg_try_advisory_lock%'
    """
    with connect(warehouse.settings) as connection:
        return connection.execute(tries).fetchone() is not None


def test_a_build_that_hangs_is_ended_and_named(warehouse: Warehouse, worker: WorkerProcess, project: Path) -> None:
    if warehouse.target is Target.SPARK:
        pytest.skip("it hangs at the build lock, which is in PostgreSQL and comes before all else")
    worker.end()
    impatient = worker_of(warehouse, project, project.parent, timeout_seconds=10)
    named = r"did not end within 10 s \(BUILD_TIMEOUT_SECONDS\) and was ended. It was at: (dbt build|its start)"
    lock = take_build_lock(warehouse.settings, "a test", print, PRODUCTION)
    with lock, pytest.raises(BuildFailed, match=named):
        build(impatient)
    assert worker_processes() == []
    lock.close()
