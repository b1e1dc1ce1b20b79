"""What people do with dbt: leave models out, run without tests, retry, make a part anew. Nothing is silently stale.

And nothing is published that a test has not passed. The tests of a target follow one another on one warehouse.
"""

import re
import shutil
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import polars as pl
import pytest

from checks.compare import compare
from checks.landing import Offsets, land, landing_rows
from coinloom.settings import Target
from serving.publish import publish
from serving.source import PublishFailed
from stores.database import connect
from stores.thrift import open_cursor
from tests.warehouse.as_full_refresh import require_equal
from tests.warehouse.series import updates, walk
from tests.warehouse.story import ONCE_A_DAY
from tests.warehouse.warehouse import KEYS, Warehouse

pytestmark = [pytest.mark.integration, pytest.mark.timeout(1800)]

NOW, LONG_AGO = datetime(2026, 3, 10, 12), datetime(2021, 3, 1, 10)
FIVE_MINUTES = "warehouse.ohlc_5m"
CRYPTO_TABLE = "warehouse.crypto_table"
PRICES = "intermediate.int_prices"


@dataclass(frozen=True)
class Scene:
    warehouse: Warehouse
    offsets: Offsets

    def land(self, coin: str, minutes: int, until: datetime) -> None:
        rows = updates(coin, "usd", walk(minutes, seed=minutes))
        shift = until - rows["last_updated_at"].max()  # type: ignore[operator]
        fetched = landing_rows(rows.with_columns(pl.col("last_updated_at") + shift), self.offsets)
        land(fetched, self.warehouse.settings, NOW)

    def rows(self, table: str, coin: str) -> int:
        return self.warehouse.read(table).filter(coin_id=coin).height

    def execute(self, statement: str) -> None:
        if self.warehouse.target is Target.POSTGRES:
            with connect(self.warehouse.settings) as connection:
                connection.execute(statement)  # type: ignore[arg-type]
        else:
            with open_cursor(self.warehouse.settings) as cursor:
                cursor.execute(statement)

    def succeeds(self, command: str, *arguments: str) -> str:
        done = self.warehouse.dbt(command, *arguments)
        assert done.returncode == 0, done.stdout[-6000:]
        return done.stdout

    def refuses(self, reason: str, *arguments: str) -> None:
        done = self.warehouse.dbt("build", *arguments)
        assert done.returncode == 2, done.stdout[-6000:]
        assert reason in " ".join(done.stdout.split())

    def publishes_nothing(self) -> None:
        with pytest.raises(PublishFailed, match="The last build has not finished"):
            publish(self.warehouse.settings)

    def published(self, what: str = "upserted") -> dict[str, int]:
        """By mart, how many rows were upserted, or compared."""
        return {mart.name: getattr(mart, what) for mart in publish(self.warehouse.settings)}


@pytest.fixture(scope="module")
def scene(quick_warehouse: Warehouse) -> Scene:
    """Two coins of today, built and published."""
    quick_warehouse.reset()
    scene = Scene(quick_warehouse, Offsets())
    scene.land("steady", 130, NOW)
    scene.land("other", 100, NOW)
    scene.succeeds("build")
    scene.published()
    return scene


def test_a_model_that_was_left_out_catches_up_and_what_no_test_has_seen_is_not_published(scene: Scene) -> None:
    """Hours that nothing else touches: what was forgotten there would stay so. Their last bars are carried on."""
    scene.land("old", 60, LONG_AGO.replace(minute=59))
    scene.land("older", 30, LONG_AGO.replace(hour=8))
    output = scene.succeeds("build", "--exclude", "ohlc_5m", *ONCE_A_DAY)
    assert "is not finished: ohlc_5m, ohlc_5m_is_well_formed are still to pass" in output
    assert (scene.rows(CRYPTO_TABLE, "old"), scene.rows(FIVE_MINUTES, "old")) == (70, 0)
    scene.publishes_nothing()
    scene.succeeds("run")
    assert (scene.rows(CRYPTO_TABLE, "old"), scene.rows(FIVE_MINUTES, "old")) == (70, 14)
    scene.publishes_nothing()
    scene.succeeds("build", "--select", "test_type:data", "--exclude", *ONCE_A_DAY)
    published = scene.published()
    assert (published["crypto_table"], published["ohlc_5m"]) == (70 + 40, 14 + 9)


def test_a_part_that_is_made_anew_is_whole_and_published_as_a_whole(scene: Scene) -> None:
    before = scene.warehouse.read(CRYPTO_TABLE)
    scene.succeeds("run", "--full-refresh", "--select", "crypto_table")
    assert not compare(scene.warehouse.read(CRYPTO_TABLE), before, 1e-12, KEYS[CRYPTO_TABLE]).differences
    scene.publishes_nothing()
    scene.succeeds("build", "--select", "crypto_table+", "--exclude", *ONCE_A_DAY)
    assert scene.published("compared")["crypto_table"] == before.height


def test_a_part_without_history_that_is_made_anew_leaves_the_others_published(scene: Scene) -> None:
    """But for the hours of the last build, which has finished once more."""
    scene.succeeds("build", "--full-refresh", "--select", "coin_overview", "--exclude", *ONCE_A_DAY)
    of_the_last_build = sum(scene.rows(CRYPTO_TABLE, coin) for coin in ("old", "older"))
    assert scene.published("compared")["crypto_table"] == of_the_last_build


def test_a_retry_finishes_what_failed(scene: Scene, tmp_path: Path) -> None:
    project = scene.warehouse.project
    scene.warehouse.project = tmp_path / "dbt_project"
    shutil.copytree(project, scene.warehouse.project, ignore=shutil.ignore_patterns("target", "logs"))
    model = scene.warehouse.project / "models" / "marts" / "ohlc_1h.sql"
    right = model.read_text(encoding="utf-8")
    try:
        scene.land("oldest", 30, LONG_AGO.replace(hour=4))
        model.write_text(right.replace("max(high)", "max(no_such_column)"), encoding="utf-8")
        assert scene.warehouse.dbt("build").returncode == 1
        scene.publishes_nothing()
        model.write_text(right, encoding="utf-8")
        assert "PASS=" in scene.succeeds("retry")
        assert scene.published()["ohlc_1h"] == 2
        assert scene.rows("warehouse.ohlc_1d", "oldest") == 1
    finally:
        scene.warehouse.project = project


def test_a_failed_test_says_which_row_breaks_which_rule(scene: Scene) -> None:
    table = "intermediate.int_minute_bars"
    a_bar = f"select * from {table} where coin_id = 'other' and bar_minute = timestamp '{NOW}'"  # noqa: S608
    scene.execute(f"insert into {table} {a_bar}")
    arguments = ("--select", "int_minute_bars_is_well_formed", "--vars", "test_whole_history: true")
    done = scene.warehouse.dbt("test", *arguments)
    assert done.returncode == 1
    row = f"coin_id = other, vs_currency = usd, bar_minute = {NOW}"
    rule = "broken_rule = one row per coin_id, vs_currency, bar_minute, row_count = 2"
    assert f"int_minute_bars_is_well_formed found a row with {row}, {rule}" in " ".join(done.stdout.split())


def test_what_cannot_be_made_safe_is_refused(scene: Scene) -> None:
    scene.refuses("the other models would not know its hours", "--select", "int_build_offsets ohlc_5m")
    scene.refuses("--empty and --sample leave rows out", "--empty")
    before = [scene.rows(FIVE_MINUTES, coin) for coin in ("steady", "old", "older")]
    scene.execute(f"drop table {FIVE_MINUTES}")
    scene.refuses(
        "ohlc_5m is not there, or not whole, and would have the hours of the last build only", "--select", "ohlc_5m"
    )
    scene.refuses("ohlc_5m is not there, or not whole", "--select", "int_build_clocks+")
    scene.succeeds("build", "--full-refresh", "--select", "ohlc_5m", "--exclude", *ONCE_A_DAY)
    assert [scene.rows(FIVE_MINUTES, coin) for coin in ("steady", "old", "older")] == before


def test_what_is_new_does_not_replace_what_was_known(scene: Scene) -> None:
    """Of the clocks a build knows its hours. Without them int_prices would write the new rows of an hour alone."""
    before = scene.rows(PRICES, "steady")
    scene.land("newest", 20, NOW)
    for without_clocks in (("--select", "1+int_prices"), ("--exclude", "int_build_clocks")):
        scene.refuses("the other models would not know its hours", *without_clocks)
    scene.succeeds("build", "--select", "int_build_offsets", "--exclude", *ONCE_A_DAY)  # as a kill leaves it
    scene.refuses("The last build has not come as far", "--select", "int_build_scope+")
    scene.refuses("The last build has not come as far", "--select", "int_prices")
    scene.succeeds("build")
    assert (scene.rows(PRICES, "steady"), scene.rows(PRICES, "newest")) == (before, 20)


def test_unit_tests_of_a_part_say_themselves_what_is_rebuilt(scene: Scene) -> None:
    """Whatever the command reads from landing again; test_landing_retention.py has them in a full refresh.

    dbt brings them along where models are selected.
    """
    if scene.warehouse.target is Target.SPARK:
        pytest.skip("on Spark each of them takes a second or two: test_dbt.py runs them")
    done = scene.warehouse.dbt("build", "--select", "int_prices+", "--exclude", *ONCE_A_DAY, unit_tests=True)
    assert done.returncode == 0, done.stdout[-6000:]
    assert " PASS int_prices::" in done.stdout
    scene.succeeds("build")


def test_a_full_refresh_that_is_killed_before_it_has_forgotten_all_begins_again(scene: Scene) -> None:
    """On Spark each table is emptied by a statement of its own; PostgreSQL stands in for it, where a build is short."""
    if scene.warehouse.target is Target.SPARK:
        pytest.skip("the same macros run on PostgreSQL, four times as fast")
    scene.succeeds("build", "--full-refresh")
    whole = scene.warehouse.snapshot()
    log = (scene.warehouse.artifacts / "dbt.log").read_text()
    emptied = re.findall(r"truncate table (\S+)", log.rpartition("Running with dbt")[2])
    assert len(emptied) == 4
    for before_the_kill in range(1, len(emptied)):
        scene.succeeds("build")  # so that what is forgotten is not the first build
        scene.published()
        for table in emptied[:before_the_kill]:
            scene.execute(f"truncate table {table}")
        require_equal(scene.warehouse.rebuilt(), whole)
        assert set(scene.published("deleted").values()) == {0}


def test_a_kill_that_loses_which_builds_have_finished_loses_nothing_else(scene: Scene) -> None:
    """On Spark that is while a command that makes a part anew writes it again. In PostgreSQL its rows go instead."""
    if scene.warehouse.target is Target.SPARK:
        pytest.skip("the same macros run on PostgreSQL, four times as fast")
    for _ in range(2):  # builds with an even number, and with an odd one
        whole = scene.warehouse.rebuilt()
        scene.published()
        scene.succeeds("run", "--full-refresh", "--select", "crypto_table")
        scene.execute("truncate builds.hour_versions")
        scene.publishes_nothing()
        scene.refuses("hour_versions has lost which build has finished", "--select", "int_build_clocks+")
        require_equal(scene.warehouse.rebuilt(), whole)
        assert set(scene.published("deleted").values()) == {0}


def test_a_full_refresh_makes_tables_of_what_dbt_has_cloned(scene: Scene) -> None:
    if scene.warehouse.target is Target.SPARK:
        pytest.skip("Spark clones no tables of Parquet files")
    scene.succeeds("build")
    ada = Warehouse(scene.warehouse.settings, "ada")
    cloned = ada.dbt("clone", "--state", str(scene.warehouse.artifacts))
    assert cloned.returncode == 0, cloned.stdout[-6000:]
    require_equal(ada.rebuilt("--full-refresh"), scene.warehouse.snapshot())


def test_a_part_that_was_not_made_to_its_end_is_made_of_all_prices(scene: Scene) -> None:
    """Spark can leave a table that does not know all its hours. In PostgreSQL, which is quicker, rows go instead."""
    if scene.warehouse.target is Target.SPARK:
        pytest.skip("the same macros run on PostgreSQL, four times as fast")
    scene.succeeds("build")
    whole = scene.warehouse.snapshot()
    print(scene.warehouse.kill_build("ohlc_5m", 0, "--full-refresh", "--select", "ohlc_5m"))
    scene.execute(f"delete from {FIVE_MINUTES} where coin_id = 'old'")  # noqa: S608
    scene.refuses("ohlc_5m is not there, or not whole", "--select", "ohlc_5m")
    require_equal(scene.warehouse.rebuilt(), whole)
    scene.succeeds("build", "--select", "ohlc_5m")


def test_a_build_that_may_have_lost_hours_reads_them_again(scene: Scene) -> None:
    """On Spark a kill in int_prices can lose an hour, and another one, while int_build_scope is made, hides that."""
    if scene.warehouse.target is Target.SPARK:
        pytest.skip("the same macros run on PostgreSQL, four times as fast")
    scene.succeeds("build")
    scene.land("newer", 30, NOW)
    expected = scene.warehouse.rebuilt()
    newest = "(select max(build_number) from builds.int_build_offsets)"
    scene.execute(f"delete from builds.hour_versions where build_number = {newest}")  # noqa: S608
    scene.execute("delete from intermediate.int_prices where coin_id = 'steady' and bar_hour >= '2026-03-10T11'")
    scene.execute("drop table builds.int_build_scope cascade")
    require_equal(scene.warehouse.rebuilt(), expected)


@pytest.mark.parametrize("warehouse", [Target.SPARK], indirect=True)
def test_a_killed_command_may_leave_a_table_after_the_next_has_looked(warehouse: Warehouse) -> None:
    """What the killed one had asked the Thrift Server for ends a little later. PostgreSQL undoes it instead."""
    warehouse.reset()
    scene = Scene(warehouse, Offsets())
    scene.land("steady", 130, NOW)
    scene.succeeds("run", "--select", "+int_minute_bars")
    bars = "intermediate.int_minute_bars"
    before = scene.warehouse.read(bars)
    assert before.height == 130
    scene.execute(f"drop table {bars}")
    tests = ("--indirect-selection", "buildable", "--exclude", *ONCE_A_DAY)  # those that need no other table
    command = scene.warehouse.running("build", "--full-refresh", "--select", "int_prices int_minute_bars", *tests)
    assert any(" START " in line and ".int_prices " in line for line in command.lines())
    scene.execute(f"create table {bars} using parquet as select 'late' as coin_id")
    assert command.wait().returncode == 0, command.stdout[-6000:]
    assert not compare(scene.warehouse.read(bars), before, 1e-12, KEYS[bars]).differences
