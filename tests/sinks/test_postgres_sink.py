"""A batch is in PostgreSQL once, whatever an earlier attempt at it has left, and no batch hides that rows are gone."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from coinloom.settings import Settings, Sink
from spark_streaming.lost_messages import RowsLost
from spark_streaming.postgres_sink import PostgresSink
from stack.with_postgres import temporary_postgres
from stores.database import connect
from tests.sinks.batches import LARGE, TOPIC, rows, staging

ALL_TABLES = "landing.crypto_prices, quarantine.crypto_prices, landing.next_offsets"
# What is noted when the batch is repeated.
NOTES = {
    "all": "select 1",
    "nothing, by an earlier release": "delete from landing.next_offsets",
    "less than there is": "update landing.next_offsets set next_offset = 0",
}

Places = dict[str, list[int]]


@pytest.fixture(scope="module")
def database() -> Iterator[Settings]:
    with temporary_postgres() as settings:
        yield settings


@pytest.fixture
def settings(database: Settings, tmp_path: Path) -> Settings:
    execute(database, f"truncate {ALL_TABLES}")
    return database.model_copy(update={"lake_root": str(tmp_path / "lake"), "kafka_topic": TOPIC})


def execute(settings: Settings, statement: str) -> None:
    with connect(settings) as connection:
        connection.execute(statement)  # type: ignore[arg-type]


def land(spark: SparkSession, settings: Settings, batch: int, bad_one_in: int) -> None:
    """Offsets 1 to 9, through a query that was started anew."""
    sink = PostgresSink(settings, staging(spark, settings, Sink.POSTGRES))
    sink.write(rows(spark, 1, 10, bad_one_in), batch)


def places(settings: Settings) -> Places:
    query = "select kafka_offset from {}.crypto_prices order by 1"
    with connect(settings) as connection:
        return {
            schema: [offset for (offset,) in connection.execute(query.format(schema))]  # type: ignore[arg-type]
            for schema in ("landing", "quarantine")
        }


def noted(settings: Settings) -> list[tuple[str, int, int]]:
    with connect(settings) as connection:
        return connection.execute("select * from landing.next_offsets").fetchall()


@pytest.mark.parametrize("notes", NOTES)
@pytest.mark.parametrize(("first", "then"), [(5, 100), (100, 5)])
def test_what_another_release_makes_of_a_repeated_batch_stays_where_it_is(
    spark: SparkSession, settings: Settings, first: int, then: int, notes: str
) -> None:
    land(spark, settings, 0, first)
    before = places(settings)
    assert before["quarantine"] == list(range(first, 10, first))
    assert sorted([*before["landing"], *before["quarantine"]]) == list(range(1, 10))
    execute(settings, NOTES[notes])
    land(spark, settings, 0, then)
    assert places(settings) == before


@pytest.mark.parametrize(("first", "then"), [(1, 100), (100, 1)])
def test_so_does_a_batch_of_which_no_row_goes_where_one_was(
    spark: SparkSession, settings: Settings, first: int, then: int
) -> None:
    land(spark, settings, 0, first)
    before = places(settings)
    land(spark, settings, 0, then)
    assert places(settings) == before


def test_each_batch_notes_where_it_ends_and_a_repeated_one_takes_nothing_back(
    spark: SparkSession, settings: Settings
) -> None:
    for batch, end in ((0, 1), (1, 1 + LARGE), (0, 1 + LARGE)):
        land(spark, settings, batch, 5)
        assert noted(settings) == [(TOPIC, 0, end)]


@pytest.mark.parametrize(
    "gone",
    [
        "update landing.next_offsets set next_offset = 0",
        "truncate landing.next_offsets",  # as a backup from before it was there, with older rows
        f"truncate {ALL_TABLES}",
    ],
)
def test_a_batch_does_not_land_where_the_one_before_is_gone(spark: SparkSession, settings: Settings, gone: str) -> None:
    land(spark, settings, 0, 5)
    execute(settings, gone)
    before = places(settings)
    with pytest.raises(RowsLost, match=rf"\(partition 0: 1 from offset 0 to 0\).* remove {settings.lake}/_checkpoints"):
        land(spark, settings, 1, 5)
    assert places(settings) == before


def test_rows_of_a_release_that_noted_nothing_are_taken_for_all(spark: SparkSession, settings: Settings) -> None:
    land(spark, settings, 0, 5)
    execute(settings, "truncate landing.next_offsets")
    Path(settings.lake, "_checkpoints", Sink.POSTGRES, "has_next_offsets").unlink()
    land(spark, settings, 1, 5)
    assert noted(settings) == [(TOPIC, 0, 1 + LARGE)]
