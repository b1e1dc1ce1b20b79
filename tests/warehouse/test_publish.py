"""Publish, from a small warehouse made by hand on either target: what moves, what stays, and what readers see."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg
import pytest

from coinloom.settings import Settings
from serving.marts import read_marts
from serving.publish import PublishedMart, publish
from serving.source import NothingToPublish, PublishFailed
from stores.database import as_reader, connect
from stores.migrate import migrate
from tests.warehouse.halted_publish import halted_publish
from tests.warehouse.made_warehouse import MadeWarehouse, Tables, minute_rows, open_tables
from tests.warehouse.warehouse import Warehouse
from tests.watching import again_and_again

H22, H23, H00 = "2026-11-21T22", "2026-11-21T23", "2026-11-22T00"
HOURS = {H22: 1.5, H23: 2.5, H00: 3.5}
ROWS_PER_HOUR = 27
WITHOUT_PERIODS = ("coin_overview", "top_5_gainers", "top_5_losers")
# What readers of the marts see, whatever the target that the rows come from.
for_readers = pytest.mark.usefixtures("quick_warehouse")
EVERYTHING = (
    "select count(*), sum(seen), string_agg(coin_id || bar_minute || price || name, ',' order by coin_id, bar_minute) "
    "from marts.crypto_table"
)


@pytest.fixture(scope="module")
def tables(warehouse: Warehouse) -> Iterator[Tables]:
    """Where a warehouse can be made, on either target."""
    with open_tables(warehouse.settings) as tables:
        yield tables


@pytest.fixture
def settings(tables: Tables) -> Settings:
    """Nothing published yet."""
    migrate(tables.settings)
    with connect(tables.settings) as connection:
        published = connection.execute("select format('marts.%I', tablename) from pg_tables where schemaname = 'marts'")
        for (table,) in published.fetchall():
            connection.execute(f"drop table {table} cascade")
        connection.execute("truncate publishing.published_hours")
    return tables.settings


@pytest.fixture
def made(settings: Settings, tables: Tables) -> MadeWarehouse:
    """One finished build of three hours, on two days."""
    made = MadeWarehouse(tables)
    made.create()
    made.build(HOURS)
    return made


def read(settings: Settings, query: str) -> list[tuple[Any, ...]]:
    with connect(as_reader(settings)) as connection:
        return connection.execute(query).fetchall()


def changed_at(settings: Settings) -> dict[str, Any]:
    """When each mart was last changed, as a reader sees it."""
    return dict(read(settings, "select mart, changed_at from marts.freshness"))


def moved(published: list[PublishedMart]) -> dict[str, tuple[int, int, int]]:
    """Rows compared, upserted and deleted, of the marts that had something to do."""
    counts = {mart.name: (mart.compared, mart.upserted, mart.deleted) for mart in published}
    assert list(counts) == [mart.name for mart in read_marts()]
    return {name: rows for name, rows in counts.items() if rows != (0, 0, 0)}


def test_the_first_publish_fills_the_marts_exactly(settings: Settings, made: MadeWarehouse) -> None:
    assert moved(publish(settings))["crypto_table"] == (81, 81, 0)
    rows = read(settings, "select * from marts.crypto_table order by bar_minute, coin_id")
    expected = [row for hour, factor in HOURS.items() for row in minute_rows(hour, factor)]
    assert rows == sorted(expected, key=lambda row: (row[2], row[1]))
    assert len(read(settings, "select * from marts.ohlc_1d")) == 9
    indexes = read(
        settings, "select indexname from pg_indexes where schemaname = 'marts' and tablename = 'crypto_table'"
    )
    assert {name for (name,) in indexes} == {"crypto_table_key", "crypto_table_time"}


def test_a_second_publish_moves_nothing(settings: Settings, made: MadeWarehouse) -> None:
    publish(settings)
    written = "select xmin, ctid from marts.crypto_table union all select xmin, ctid from marts.top_5_gainers"
    before, freshness = read(settings, written), changed_at(settings)
    assert freshness.keys() == {mart.name for mart in read_marts()}
    assert moved(publish(settings)) == dict.fromkeys(WITHOUT_PERIODS, (3, 0, 0))
    made.build(HOURS)  # a build that found nothing new
    assert moved(publish(settings)) == dict.fromkeys(WITHOUT_PERIODS, (3, 0, 0))
    assert read(settings, written) == before
    assert changed_at(settings) == freshness


def test_only_what_differs_in_a_rebuilt_hour_is_written(settings: Settings, made: MadeWarehouse) -> None:
    publish(settings)
    freshness = changed_at(settings)
    made.build(HOURS | {H23: 2.75})
    assert moved(publish(settings)) == {
        "crypto_table": (ROWS_PER_HOUR, 6, 0),
        "ohlc_5m": (3, 3, 0),
        "ohlc_1h": (3, 3, 0),
        "ohlc_1d": (6, 3, 0),  # its day has two hours
        **dict.fromkeys(WITHOUT_PERIODS, (3, 1, 0)),
    }
    prices = "select count(*) filter (where price = 2.75), count(*) filter (where price = 2.5) from marts.crypto_table"
    assert read(settings, prices) == [(6, 0)]
    assert all(changed > freshness[mart] for mart, changed in changed_at(settings).items())


def test_rows_and_hours_that_are_gone_are_deleted(settings: Settings, made: MadeWarehouse) -> None:
    publish(settings)
    table = "warehouse.crypto_table"
    some = [(*row, H22) for row in minute_rows(H22, 1.5) if row[1] != "tether"]
    made.tables.replace(table, some)
    made.build_number += 1
    made.finish(made.versions | {H22: "the build that lost a coin"})
    assert moved(publish(settings))["crypto_table"] == (18, 0, 9)
    made.build({H22: 1.5, H00: 3.5})
    result = moved(publish(settings))
    assert result["crypto_table"] == (0, 0, ROWS_PER_HOUR)
    assert result["ohlc_1d"] == (3, 0, 3)
    made.build({"2026-11-25T00": 1.0})  # the lake was wiped and begins anew
    assert moved(publish(settings))["crypto_table"] == (ROWS_PER_HOUR, ROWS_PER_HOUR, 45)
    hours = "select distinct date_trunc('hour', bar_minute)::text from marts.crypto_table"
    assert read(settings, hours) == [("2026-11-25 00:00:00",)]
    with connect(settings) as connection:
        remembered = connection.execute("select distinct bar_hour from publishing.published_hours").fetchall()
    assert remembered == [("2026-11-25T00",)]


@for_readers
def test_views_grants_and_indexes_survive_and_new_columns_come(settings: Settings, made: MadeWarehouse) -> None:
    publish(settings)
    with connect(settings) as connection:
        connection.execute("alter table marts.crypto_table drop column seen")  # as if the model had just got it
        connection.execute("create view marts.dear as select price from marts.crypto_table where price = 9.5")
        connection.execute("create index mine on marts.crypto_table (name)")
        connection.execute("drop role if exists analyst")
        connection.execute("create role analyst")
        connection.execute("grant select on marts.crypto_table to analyst")
    made.build(dict.fromkeys(HOURS, 9.5))
    assert moved(publish(settings))["crypto_table"] == (81, 81, 0)
    assert read(settings, "select count(*) from marts.dear") == [(18,)]
    assert read(settings, "select count(seen) from marts.crypto_table") == [(81,)]
    assert read(settings, "select has_table_privilege('analyst', 'marts.crypto_table', 'select')") == [(True,)]
    assert read(
        settings, "select count(*) from pg_indexes where schemaname = 'marts' and tablename = 'crypto_table'"
    ) == [(3,)]


@for_readers
def test_a_column_that_a_model_has_lost_keeps_no_old_values(settings: Settings, made: MadeWarehouse) -> None:
    publish(settings)
    marts = ("coin_overview", "crypto_table")
    with connect(settings) as connection:
        for mart in marts:
            connection.execute(f"alter table marts.{mart} add column sma_20 double precision default 7")
    made.build({hour: factor + 1 for hour, factor in HOURS.items()})  # as a full refresh, which renews every hour
    publish(settings)
    values = "select sma_20 from marts.coin_overview union select sma_20 from marts.crypto_table"
    assert read(settings, values) == [(None,)]
    assert "crypto_table" not in moved(publish(settings))


@for_readers
def test_a_mart_that_was_emptied_or_dropped_is_filled_again(settings: Settings, made: MadeWarehouse) -> None:
    publish(settings)
    with connect(settings) as connection:
        connection.execute("truncate marts.crypto_table")
        connection.execute("drop table marts.ohlc_1h")
    result = moved(publish(settings))
    assert (result["crypto_table"], result["ohlc_1h"]) == ((81, 81, 0), (9, 9, 0))
    assert "ohlc_5m" not in result


@for_readers
def test_readers_see_one_state_or_the_other(settings: Settings, made: MadeWarehouse) -> None:
    publish(settings)
    states = [read(settings, EVERYTHING)]
    seen: list[list[tuple[Any, ...]]] = []

    def look() -> None:
        try:
            seen.append(read(settings, EVERYTHING))
        except psycopg.Error as error:
            seen.append([(error,)])

    with again_and_again(look):
        for number in range(4):
            made.build(HOURS if number % 2 else {H22: 7.5, H00: 8.5})
            publish(settings)
            states.append(read(settings, EVERYTHING))
    assert states[0] == states[2] != states[1] == states[3]
    assert len(seen) > 20
    assert [state for state in seen if state not in states[:2]] == []
    assert all(state in seen for state in states[:2])


def lose_column(settings: Settings) -> None:
    """As if the model had just got it."""
    with connect(settings) as connection:
        connection.execute("alter table marts.crypto_table drop column is_filled")


@for_readers
def test_a_reader_is_answered_while_a_new_column_is_filled(settings: Settings, made: MadeWarehouse) -> None:
    publish(settings)
    lose_column(settings)
    made.build(dict.fromkeys(HOURS, 9.5))
    filled = "select count(*), count(is_filled) from marts.crypto_table"
    with halted_publish(settings):
        assert read(settings, filled) == [(81, 0)]
    assert read(settings, filled) == [(81, 81)]


@for_readers
def test_a_reader_that_does_not_end_is_named_and_the_others_are_answered(
    settings: Settings, made: MadeWarehouse
) -> None:
    publish(settings)
    before = read(settings, EVERYTHING)
    lose_column(settings)
    made.build(dict.fromkeys(HOURS, 9.5))
    answers = []
    with ThreadPoolExecutor() as threads, connect(as_reader(settings)) as notebook:
        notebook.execute("set application_name = 'a notebook'")
        notebook.execute("select from marts.crypto_table")
        publishing = threads.submit(publish, settings)
        while not publishing.done():
            answers.append(read(settings, EVERYTHING))
        backend = notebook.info.backend_pid
        named = rf"crypto_table .* is_filled\. .*: bi_reader, 'a notebook' \(PostgreSQL backend {backend}\)\."
        with pytest.raises(PublishFailed, match=named):
            publishing.result()
    assert len(answers) > 3
    assert all(answer == before for answer in answers)
    publish(settings)
    assert read(settings, "select count(is_filled) from marts.crypto_table") == [(81,)]


@for_readers
def test_a_killed_publish_changes_nothing_and_the_next_repairs(settings: Settings, made: MadeWarehouse) -> None:
    publish(settings)
    before = read(settings, EVERYTHING)
    made.build({H22: 7.5, H00: 8.5})
    with halted_publish(settings) as halted:
        halted.kill()
        halted.wait()
        assert read(settings, EVERYTHING) == before
    assert moved(publish(settings))["crypto_table"] == (54, 12, 27)


def test_what_cannot_be_published_is_a_clear_error(settings: Settings, made: MadeWarehouse) -> None:
    publish(settings)
    before = read(settings, EVERYTHING)
    made.build({H22: 9.5})
    with connect(settings) as connection:
        connection.execute("alter table marts.crypto_table alter column seen type text")
    with pytest.raises(PublishFailed, match=r"alter table marts.crypto_table alter column seen type bigint"):
        publish(settings)
    with connect(settings) as connection:
        connection.execute("alter table marts.crypto_table alter column seen type bigint using seen::bigint")
    assert read(settings, EVERYTHING) == before
    made.tables.execute("drop table warehouse.crypto_table")
    with pytest.raises(PublishFailed, match=r"warehouse.crypto_table is not .* Run 'coinloom build' first"):
        publish(settings)
    made.tables.execute("create table warehouse.crypto_table (bar_minute timestamp)")
    with pytest.raises(PublishFailed, match="crypto_table is not partitioned by bar_hour"):
        publish(settings)
    made.tables.execute("truncate table builds.int_build_offsets")
    made.tables.execute("truncate table builds.hour_versions")
    with pytest.raises(NothingToPublish, match="no build of any landed price has finished"):
        publish(settings)
    for table in ("int_build_offsets", "hour_versions"):
        made.tables.execute(f"drop table builds.{table}")
        with pytest.raises(PublishFailed, match="Run 'coinloom build' first"):
            publish(settings)
    assert read(settings, EVERYTHING) == before


def test_a_build_that_has_not_finished_is_not_published(settings: Settings, made: MadeWarehouse) -> None:
    publish(settings)
    before = read(settings, EVERYTHING)
    made.build({H22: 9.5})
    made.tables.replace("builds.int_build_offsets", [(made.build_number + 1, 0)])
    with pytest.raises(PublishFailed, match="The last build has not finished"):
        publish(settings)
    assert read(settings, EVERYTHING) == before
