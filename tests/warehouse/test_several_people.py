"""Production and developers on one server: each builds beside the others, from the same landing, into its own schemas.

One of them builds what was known when production was built for the first time.
"""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

import polars as pl
import pyarrow as pa
import pytest

from checks.compare import compare
from checks.landing import Offsets, land, landing_rows
from coinloom.settings import REPOSITORY, Target
from health.builds import last_builds
from stores.database import connect
from stores.thrift import open_cursor
from tests.warehouse.history import START
from tests.warehouse.polls import updates
from tests.warehouse.story import IN_PARTS, ONCE_A_DAY
from tests.warehouse.warehouse import KEYS, Snapshot, Warehouse

pytestmark = [pytest.mark.integration, pytest.mark.timeout(1800)]

THEN = START + timedelta(hours=41, minutes=30)  # an hour before a backfill that fills a gap
HOURS_OF_LANDING = (START, START + timedelta(hours=50))


@dataclass(frozen=True)
class People:
    """What was then, what production has now, and who has built what since."""

    then: Snapshot
    now: Snapshot
    production: Warehouse
    bob: Warehouse


@pytest.fixture(scope="module")
def people(warehouse: Warehouse) -> People:
    """Production as it was then; later production builds what is known now, and Bob beside it what was known then."""
    warehouse.reset()
    known, news = _landings()
    land(known, warehouse.settings, HOURS_OF_LANDING[0])
    then = warehouse.rebuilt()
    land(news, warehouse.settings, HOURS_OF_LANDING[1])
    bob = Warehouse(warehouse.settings, "bob")
    builds = [
        warehouse.running("build"),
        bob.running("build", "--full-refresh", "--vars", f"known_at: {THEN.isoformat()}Z"),
    ]
    for build in builds:
        assert build.wait().returncode == 0, build.stdout[-6000:]
        assert "Waiting up to" not in build.stdout
    return People(then, warehouse.snapshot(), warehouse, bob)


@pytest.fixture(scope="module")
def ada(people: People, quick_warehouse: Warehouse) -> Warehouse:
    """She builds what is known now."""
    ada = Warehouse(people.production.settings, "ada")
    ada.build()
    return ada


def test_only_builds_of_production_are_recorded(people: People) -> None:
    production = people.production
    assert {build.target for build in last_builds(production.settings, 20)} == {production.target}


def test_a_developer_gets_the_same_tables_as_production(people: People, ada: Warehouse) -> None:
    _assert_equal(ada.snapshot(), people.now)


def test_what_was_known_then_is_what_stood_there_then(people: People) -> None:
    then, now = people.then, people.now
    _assert_equal(people.bob.snapshot(), then)
    for table in ("intermediate.int_prices", "warehouse.crypto_table", "warehouse.ohlc_1d"):
        assert compare(now[table], then[table], 1e-12, KEYS[table]).differences, f"{table} has not changed"


def test_the_query_of_the_docs_shows_what_has_changed(people: People) -> None:
    page = (REPOSITORY / "docs" / "known-at.md").read_text(encoding="utf-8")
    (query,) = re.findall(r"<!-- what has changed -->\n```sql\n(.*?)```", page, re.DOTALL)
    rows = _rows(people.production, query.replace("dev_ada", "dev_bob"))
    key = ["coin_id", "vs_currency", "bar_minute"]
    values = [*key, "price", "volume_24h"]
    before, after = (
        tables["warehouse.crypto_table"].select(values).with_columns(pl.col("bar_minute").dt.replace_time_zone(None))
        for tables in (people.then, people.now)
    )
    both = before.join(after, on=key, how="full", coalesce=True, suffix=" now").filter(
        pl.col("bar_minute") <= before["bar_minute"].max()
    )
    changed = both.filter(
        pl.col("price").ne_missing(pl.col("price now")) | pl.col("volume_24h").ne_missing(pl.col("volume_24h now"))
    )
    assert changed.height > 60
    assert [(row[:3], row[3:]) for row in rows] == [
        (row[:3], row[3:]) for row in changed.sort(key).select(*key, "price", "price now").rows()
    ]


@pytest.mark.usefixtures("quick_warehouse")
def test_a_developer_builds_one_model_from_what_production_has(people: People) -> None:
    memory = "select max(build_number), max(newest_offset) from builds.int_build_offsets"
    before = _rows(people.production, memory)
    state = str(people.production.artifacts)
    carl = Warehouse(people.production.settings, "carl")
    deferred = ("--defer", "--state", state)
    quick = (*deferred, "--exclude", *ONCE_A_DAY)
    for command in commands_with_defer(state):
        if carl.target is Target.SPARK:  # where each unit test takes a second or two, and each test once a day as long
            done = carl.dbt(*command, "--exclude", *ONCE_A_DAY)
        else:
            done = carl.dbt(*command, unit_tests=True)
        assert done.returncode == 0, done.stdout[-6000:]
    table = "warehouse.crypto_table"
    _assert_equal({table: carl.read(table)}, {table: people.production.read(table)})
    refused = carl.dbt("build", "--full-refresh", "--select", "crypto_table", *deferred)
    assert "the same command with --select int_indicator_bars+" in refused.stdout
    last_hours = carl.dbt("build", "--select", "crypto_table", *quick)
    assert last_hours.returncode == 0, last_hours.stdout[-6000:]
    assert _rows(people.production, memory) == before != [(None, None)]


def commands_with_defer(state: str) -> list[list[str]]:
    """Those of the page, without the target, which is its reader's."""
    page = (REPOSITORY / "docs" / "try-a-change.md").read_text(encoding="utf-8")
    commands = re.findall(r"^dbt (build) --target dev (.* --defer .*)$", page, re.MULTILINE)
    assert len(commands) == 2
    return [[build, *options.replace("/tmp/production", state).split()] for build, options in commands]  # noqa: S108


def test_nobody_writes_into_production_under_another_lock(people: People) -> None:
    target = "dev" if people.bob.target is Target.SPARK else "dev_postgres"
    refused = people.bob.dbt("build", "--vars", f"production_targets: [{target}]")
    assert refused.returncode == 2
    assert "production_targets are those of dbt_project.yml" in " ".join(refused.stdout.split())


def test_known_at_is_refused_where_it_would_mix_two_pasts(people: People, ada: Warehouse) -> None:
    at_noon = ("--vars", "known_at: 2026-03-10T12:00:00Z")
    for warehouse, arguments, reason in (
        (people.production, ("--full-refresh", *at_noon), "would take what readers see back into the past"),
        (people.bob, at_noon, f"These tables are those of known_at {THEN}"),
        (ada, ("--full-refresh", "--select", "+ohlc_1h", *at_noon), "These tables are those of today"),
        (people.bob, ("--full-refresh", "--vars", "known_at: yesterday"), "Invalid isoformat string: 'yesterday'"),
    ):
        before = warehouse.read("warehouse.crypto_table")
        refused = warehouse.dbt("build", *arguments)
        assert refused.returncode != 0
        assert reason in " ".join(refused.stdout.split())
        assert warehouse.read("warehouse.crypto_table").equals(before)


def _landings() -> tuple[pa.Table, pa.Table]:
    """What had been fetched then, and what has been since."""
    rows, offsets = updates(IN_PARTS.history).drop("arrival"), Offsets()
    known, news = rows.filter(pl.col("fetched_at") <= THEN), rows.filter(pl.col("fetched_at") > THEN)
    assert min(known.height, news.height) > 100
    return landing_rows(known, offsets), landing_rows(news, offsets)


def _rows(warehouse: Warehouse, query: str) -> list[tuple[str | float | datetime, ...]]:
    if warehouse.target is Target.POSTGRES:
        with connect(warehouse.settings) as connection:
            return connection.execute(query).fetchall()  # type: ignore[arg-type]
    with open_cursor(warehouse.settings) as cursor:
        cursor.execute(query)
        return list(cursor.fetchall())


def _assert_equal(actual: Snapshot, expected: Snapshot) -> None:
    differences = [
        f"{table}: {difference}"
        for table, rows in expected.items()
        for difference in compare(actual[table], rows, 1e-12, KEYS[table]).differences
    ]
    assert not differences, "\n".join(differences)
    assert sum(rows.height for rows in expected.values()) > 0
