# ruff: noqa: S608  the names are our own
"""Landing that is gone takes nothing with it: full refreshes and builds leave what was made of it as it was."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, NoReturn

import polars as pl
import pytest

from checks.landing import Offsets, land, landing_rows
from coinloom.settings import Target
from ingestion.messages import Source
from maintenance.landing_retention import remove_landing
from serving.build_lock import take_build_lock
from serving.publish import publish
from stores.database import connect
from stores.thrift import open_cursor
from tests.warehouse.as_full_refresh import require_as_full_refresh, require_equal
from tests.warehouse.series import updates, walk
from tests.warehouse.story import ONCE_A_DAY
from tests.warehouse.warehouse import Snapshot, Warehouse

pytestmark = [pytest.mark.integration, pytest.mark.timeout(1800)]

# With two days of retention landing goes until the 11th at 12:00, and the horizon is a day later.
NOW, RETENTION_DAYS = datetime(2026, 3, 13, 12, tzinfo=UTC), 2.0
LONG_AGO, ACROSS_THE_HORIZON = datetime(2026, 3, 10, 11, 50), datetime(2026, 3, 12, 13, 20)
HORIZON = "2026-03-12T12"
PRICES, CRYPTO_TABLE = "intermediate.int_prices", "warehouse.crypto_table"


@pytest.fixture(scope="module")
def built(quick_warehouse: Warehouse) -> Iterator[tuple[Warehouse, Snapshot]]:
    """For the tests that leave it as it is; they come first."""
    yield quick_warehouse, build_and_remove(quick_warehouse)
    quick_warehouse.reset()


@pytest.fixture
def built_anew(quick_warehouse: Warehouse) -> Iterator[tuple[Warehouse, Snapshot]]:
    """For a test that changes it."""
    yield quick_warehouse, build_and_remove(quick_warehouse)
    quick_warehouse.reset()


def build_and_remove(warehouse: Warehouse) -> Snapshot:
    """Built and published; then what was landed first is gone. Of one currency nothing is left in landing."""
    warehouse.reset()
    offsets = Offsets()
    land_series(warehouse, offsets, "steady", "usd", 600, LONG_AGO)
    land_series(warehouse, offsets, "vanished", "eur", 60, LONG_AGO)
    warehouse.build()
    land_series(warehouse, offsets, "steady", "usd", 200, ACROSS_THE_HORIZON)
    before = warehouse.rebuilt()
    publish(warehouse.settings)
    assert remove(warehouse)
    assert remove(warehouse) == []
    return before


def land_series(  # noqa: PLR0917  each says what is told apart
    warehouse: Warehouse,
    offsets: Offsets,
    coin: str,
    currency: str,
    minutes: int,
    until: datetime,
    *,
    landed: datetime | None = None,
    source: Source = Source.LIVE,
) -> None:
    rows = updates(coin, currency, walk(minutes, seed=minutes))
    shift = until - rows["last_updated_at"].max()  # type: ignore[operator]
    rows = rows.with_columns(pl.col("last_updated_at") + shift, source=pl.lit(source.value))
    land(landing_rows(rows, offsets), warehouse.settings, landed or until)


def remove(warehouse: Warehouse, **how: Any) -> list[str]:
    """As `coinloom maintain` does at that moment, from the landing that the target reads."""
    sinks = ["parquet"] if warehouse.target is Target.SPARK else ["postgres"]
    keeping = {"landing_retention_days": RETENTION_DAYS, "landing_sinks": sinks}
    settings = warehouse.settings.model_copy(update=keeping)
    return list(remove_landing(settings, now=lambda: NOW, **how))


def execute(warehouse: Warehouse, statement: str) -> None:
    if warehouse.target is Target.SPARK:
        with open_cursor(warehouse.settings) as cursor:
            cursor.execute(statement)
    else:
        with connect(warehouse.settings) as connection:
            connection.execute(statement)  # type: ignore[arg-type]


def test_int_prices_is_not_made_anew_without_a_build_that_would_notice_a_kill(
    built: tuple[Warehouse, Snapshot],
) -> None:
    warehouse, before = built
    refused = warehouse.dbt("run", "--full-refresh", "--select", "int_prices")
    assert refused.returncode == 2
    assert f"int_prices loses the hours from {HORIZON} on before it makes them anew" in " ".join(refused.stdout.split())
    require_equal({PRICES: warehouse.read(PRICES)}, {PRICES: before[PRICES]})


def test_unit_tests_of_a_part_know_no_horizon(built: tuple[Warehouse, Snapshot]) -> None:
    """dbt brings them along where models are selected."""
    warehouse, before = built
    done = warehouse.dbt("build", "--full-refresh", "--exclude", "ohlc_5m", *ONCE_A_DAY, unit_tests=True)
    assert done.returncode == 0, done.stdout[-6000:]
    assert " PASS int_prices::" in done.stdout
    require_equal(warehouse.rebuilt(), before)


def test_a_full_refresh_leaves_every_table_as_it_was(built: tuple[Warehouse, Snapshot]) -> None:
    warehouse, before = built
    require_equal(warehouse.rebuilt("--full-refresh"), before)
    assert before[PRICES].filter(pl.col("bar_hour") < HORIZON).height > before[PRICES].height / 2
    assert {mart.name: (mart.upserted, mart.deleted) for mart in publish(warehouse.settings)} == dict.fromkeys(
        ("crypto_table", "coin_overview", "ohlc_5m", "ohlc_1h", "ohlc_1d", "top_5_gainers", "top_5_losers"), (0, 0)
    )


def hours_in_landing(warehouse: Warehouse) -> int:
    with connect(warehouse.settings) as connection:
        [(hours,)] = connection.execute("select count(distinct landed_hour) from landing.crypto_prices").fetchall()
    return int(hours)


@pytest.mark.parametrize("warehouse", [Target.POSTGRES], indirect=True)
def test_hours_go_one_by_one_and_builds_come_between_them(warehouse: Warehouse) -> None:
    warehouse.reset()
    offsets = Offsets()
    seen: list[int] = []
    for hours_ago in (2, 1, 0):
        land_series(warehouse, offsets, "steady", "usd", 50, LONG_AGO - timedelta(hours=hours_ago))
    land_series(warehouse, offsets, "steady", "usd", 60, ACROSS_THE_HORIZON)
    before = warehouse.rebuilt()

    def killed(_: float) -> NoReturn:
        raise KeyboardInterrupt

    def a_build_comes(_: float) -> None:
        hasty = warehouse.settings.model_copy(update={"build_lock_wait_seconds": 2.0})
        take_build_lock(hasty, "a build").close()
        seen.append(hours_in_landing(warehouse))

    with pytest.raises(KeyboardInterrupt):
        remove(warehouse, pause=killed, held_seconds=0)
    assert hours_in_landing(warehouse) == 3
    require_equal(warehouse.rebuilt("--full-refresh"), before)
    [said] = remove(warehouse, pause=a_build_comes, held_seconds=0)
    assert said == "100 rows of landing in PostgreSQL from before 2026-03-11T12:00 are removed"
    assert seen == [2]
    assert hours_in_landing(warehouse) == 1
    assert warehouse.read("landing.horizon").rows() == [(HORIZON,)]
    require_equal(warehouse.rebuilt("--full-refresh"), before)


def test_what_a_refusal_says_after_a_restore_leaves_no_gap(built_anew: tuple[Warehouse, Snapshot]) -> None:
    warehouse, _ = built_anew
    is_spark = warehouse.target is Target.SPARK
    into, cascade = ("using parquet partitioned by (bar_hour)", "") if is_spark else ("", "cascade")
    backup = "intermediate.backup"
    execute(warehouse, f"create table {backup} {into} as select * from {PRICES}")
    later = ACROSS_THE_HORIZON + timedelta(minutes=40)
    land_series(warehouse, Offsets(partition=1), "steady", "usd", 30, later)
    expected = warehouse.rebuilt()

    execute(warehouse, f"drop table {PRICES} {cascade}")
    refused = warehouse.dbt("build")
    assert refused.returncode == 2
    said = " ".join(refused.stdout.split())
    [options] = re.findall(r"Run instead: (?:dbt build|the same command)(.*?),? after int_prices was restored", said)
    execute(warehouse, f"create table {PRICES} {into} as select * from {backup}")
    require_equal(warehouse.rebuilt(*options.split()), expected)

    execute(warehouse, f"drop table {PRICES} {cascade}")
    an_older_one = f"select * from {backup} where landed_at < timestamp '{LONG_AGO + timedelta(days=1)}'"
    execute(warehouse, f"create table {PRICES} {into} as {an_older_one}")
    refused = warehouse.dbt("build", "--full-refresh")
    assert refused.returncode == 2
    assert "int_prices ends with what landed at 2026-03-10T11, and what came next" in " ".join(refused.stdout.split())
    warehouse.build("--full-refresh", "--vars", "history_is_lost: true")


@pytest.mark.parametrize("warehouse", [Target.POSTGRES], indirect=True)
def test_a_build_beside_production_is_not_finished_if_landing_goes_meanwhile(warehouse: Warehouse) -> None:
    """Its lock is another than that of `coinloom maintain`."""
    warehouse.reset()
    offsets = Offsets()
    land_series(warehouse, offsets, "steady", "usd", 60, LONG_AGO)
    land_series(warehouse, offsets, "steady", "usd", 60, ACROSS_THE_HORIZON)
    warehouse.build()
    ada = Warehouse(warehouse.settings, developer="ada")
    command = ada.running("build")
    assert any(" START " in line and ".int_build_offsets " in line for line in command.lines())
    assert remove(warehouse)
    assert command.wait().returncode == 0, command.stdout[-6000:]
    assert "is not finished: landing was removed meanwhile" in command.stdout
    assert ada.read("builds.hour_versions").is_empty()
    ada.build("--full-refresh")
    assert not ada.read("builds.hour_versions").is_empty()


@pytest.mark.long
def test_builds_go_on_and_equal_a_full_refresh(built_anew: tuple[Warehouse, Snapshot]) -> None:
    warehouse, before = built_anew
    offsets = Offsets(partition=1)
    later = ACROSS_THE_HORIZON + timedelta(minutes=40)
    land_series(warehouse, offsets, "steady", "usd", 40, later)
    land_series(warehouse, offsets, "new", "eur", 30, later)
    land_series(warehouse, offsets, "history", "usd", 30, LONG_AGO, landed=later, source=Source.BACKFILL)
    after = require_as_full_refresh(warehouse)
    assert after[CRYPTO_TABLE].filter(coin_id="history").is_empty()
    assert warehouse.read("intermediate.int_late_prices")["coin_id"].unique().to_list() == ["history"]
    closed = pl.col("bar_hour") < HORIZON
    require_equal({PRICES: after[PRICES].filter(closed)}, {PRICES: before[PRICES].filter(closed)})
    assert after[CRYPTO_TABLE].height > before[CRYPTO_TABLE].height

    print(warehouse.kill_build("int_prices", 0.5, "--full-refresh"))
    require_equal(warehouse.rebuilt(), after)


@pytest.mark.long
def test_a_column_that_is_new_comes_without_the_old_rows_being_dropped(built_anew: tuple[Warehouse, Snapshot]) -> None:
    """As a release would bring it: here it is taken away first."""
    warehouse, before = built_anew
    if warehouse.target is Target.SPARK:
        pytest.skip("Spark drops no column of Parquet files; it adds one as PostgreSQL does")
    execute(warehouse, f"alter table {PRICES} drop column high_24h cascade")
    after = warehouse.rebuilt("--full-refresh")
    known = after[PRICES].group_by(pl.col("bar_hour") < HORIZON).agg(pl.col("high_24h").is_null().all())
    assert dict(known.iter_rows()) == {True: True, False: False}
    assert after[CRYPTO_TABLE].height == before[CRYPTO_TABLE].height


@pytest.mark.long
def test_nothing_goes_that_no_finished_build_has_read(warehouse: Warehouse) -> None:
    warehouse.reset()
    land_series(warehouse, Offsets(), "steady", "usd", 60, LONG_AGO)
    [said] = remove(warehouse)
    assert "is kept, whatever its age: no build of it has finished" in said
    assert warehouse.rebuilt()[PRICES].height > 0


@pytest.mark.long
def test_history_is_not_lost_without_a_word(built_anew: tuple[Warehouse, Snapshot]) -> None:
    warehouse, _ = built_anew
    ada = Warehouse(warehouse.settings, developer="ada")
    assert ada.rebuilt()[CRYPTO_TABLE]["bar_hour"].min() == HORIZON
    execute(warehouse, f"drop table {PRICES}" + (" cascade" if warehouse.target is Target.POSTGRES else ""))
    refused = warehouse.dbt("build")
    assert refused.returncode == 2
    assert "int_prices is not there, and landing has lost what the bars before" in " ".join(refused.stdout.split())
    begun = warehouse.rebuilt("--full-refresh", "--vars", "history_is_lost: true")
    assert begun[CRYPTO_TABLE]["bar_hour"].min() == HORIZON
