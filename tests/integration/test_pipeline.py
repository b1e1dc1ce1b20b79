"""From the simulator to PostgreSQL, once, on both targets: nothing lost, nothing doubled, the same numbers."""

import re

import psycopg
import pyarrow.dataset
import pytest

from checks.compare import compare
from coinloom.settings import Settings, Sink, Target
from commands.build import dbt
from commands.counts import count_messages, count_rows
from serving.marts import read_marts
from stores.database import DatabaseUnavailable, as_reader, connect
from tests.bi_rights import readable, relations
from tests.commands import run_command
from tests.integration.market import GARBAGE, MARTS, POLLS, Rows
from tests.integration.warm_stream import WarmStream
from tests.watching import again_and_again


def test_every_message_is_in_landing_or_in_quarantine_of_both_sinks(landed: Settings) -> None:
    messages = count_messages(landed)
    assert messages >= POLLS * 60 + len(GARBAGE)  # other tests may have polled some more
    with connect(landed) as connection:
        places = connection.execute(
            "select kafka_partition, kafka_offset from landing.crypto_prices "
            "union all select kafka_partition, kafka_offset from quarantine.crypto_prices"
        ).fetchall()
    assert len(places) == len(set(places)) == messages
    files = [
        pyarrow.dataset.dataset(f"{landed.lake}/{table}/crypto_prices", partitioning="hive").to_table()
        for table in ("landing", "quarantine")
    ]
    in_files = [place for table in files for place in zip(table["kafka_partition"], table["kafka_offset"], strict=True)]
    assert {(partition.as_py(), offset.as_py()) for partition, offset in in_files} == set(places)
    assert len(in_files) == messages


def test_the_status_says_how_far_each_stage_is(landed: Settings) -> None:
    status = run_command(landed, "coinloom", "status")
    assert f"topic {landed.kafka_topic}" in status
    for sink in Sink:
        behind = rf"landing in {sink} .* rows up to \S+ \S+, 0 messages behind .* \d+ (s|min|h) "
        assert re.search(behind, status), status
        rejected = rf"quarantine in {sink} .* \d+ messages: .*3 not_json.*, 1 not_an_object.* \d+ (s|min|h) "
        assert re.search(rejected, status), status
    assert re.search(r"Last poll: \d+ (s|min)( \d+ s)? ago, 60 of 60 coins, 60 messages\.", status), status


def test_garbage_is_in_quarantine_with_its_reason_and_bytes(landed: Settings) -> None:
    with connect(landed) as connection:
        rows = connection.execute("select raw_value, reason from quarantine.crypto_prices").fetchall()
    reasons = {bytes(raw): reason for raw, reason in rows if bytes(raw) in GARBAGE}
    assert reasons == dict(
        zip(GARBAGE, ["not_json", "not_json", "not_json", "not_an_object", "invalid_price"], strict=True)
    )


def test_the_marts_hold_the_market(marts: dict[Target, Rows]) -> None:
    bars = marts[Target.SPARK]["crypto_table"]
    assert len({bar["coin_id"] for bar in bars}) >= 50
    assert len({bar["bar_minute"] for bar in bars}) >= 100
    for column in ("price_change_1m_pct", "price_change_5m_pct", "sma_20", "ema_20", "volatility_20"):
        assert sum(bar[column] is not None for bar in bars) > len(bars) / 2, column


@pytest.mark.parametrize(("mart", "sign"), [("top_5_gainers", 1), ("top_5_losers", -1)])
def test_the_top_5_are_those_of_the_newest_minute(marts: dict[Target, Rows], mart: str, sign: int) -> None:
    bars = marts[Target.SPARK]["crypto_table"]
    newest_minute = max(bar["bar_minute"] for bar in bars)
    moves = {
        bar["coin_id"]: bar["price_change_5m_pct"] * sign
        for bar in bars
        if bar["bar_minute"] == newest_minute
        and (bar["price_change_5m_pct"] or 0) * sign > 0
        and bar["minutes_since_update"] <= 5
        and (bar["volume_24h"] or 0) >= 50_000
    }
    rows = marts[Target.SPARK][mart]
    assert [row["coin_id"] for row in rows] == sorted(moves, key=lambda coin_id: -moves[coin_id])[:5]
    assert [row["rank"] for row in rows] == list(range(1, len(rows) + 1))


@pytest.mark.parametrize("mart", MARTS)
def test_both_targets_give_the_same_rows_and_numbers(marts: dict[Target, Rows], mart: str) -> None:
    spark, postgres = marts[Target.SPARK][mart], marts[Target.POSTGRES][mart]
    assert list(spark[0]) == list(postgres[0])
    comparison = compare(spark, postgres, tolerance=1e-12, key=MARTS[mart].split(", "))
    assert comparison.rows > 0
    assert not comparison.differences, "\n".join(comparison.differences)


@pytest.mark.parametrize("target", [pytest.param(Target.SPARK, marks=pytest.mark.long), Target.POSTGRES])
def test_all_built_anew_and_a_second_stream_build_and_publish_change_nothing_for_readers(
    landed: Settings, warm_stream: WarmStream, marts: dict[Target, Rows], target: Target
) -> None:
    settings = landed.model_copy(update={"dbt_target": target})
    run_command(settings, "coinloom", "publish")  # the numbers of the other target may have other last digits
    before, expected = count_rows(settings), prices_of_all_marts(settings)
    seen: list[tuple[str, ...]] = []
    with again_and_again(lambda: seen.append(prices_of_all_marts(settings)), pause_seconds=0.3):
        dbt(settings, "build", "--full-refresh")
        run_command(settings, "coinloom", "publish")
        warm_stream.land(settings)
        run_command(settings, "coinloom", "build", "--publish")
        published = run_command(settings, "coinloom", "publish")
    assert count_rows(settings) == before
    assert published.count("0 upserted, 0 deleted") == len(read_marts())
    assert len(seen) > 20
    assert set(seen) == {expected}


def prices_of_all_marts(settings: Settings) -> tuple[str, ...]:
    """What a reader sees of each mart: a hash of its keys and prices."""
    found = []
    with connect(settings) as connection:
        for mart, key in MARTS.items():
            price = "close" if mart.startswith("ohlc") else "price"
            query = f"select md5(string_agg(concat_ws(' ', {key}, {price}), ',' order by {key})) from marts.{mart}"  # noqa: S608
            found.extend(connection.execute(query).fetchone() or ())
    return tuple(found)


def test_a_stream_that_lost_its_checkpoint_doubles_nothing_in_postgres(
    landed: Settings, warm_stream: WarmStream
) -> None:
    before = count_rows(landed.model_copy(update={"dbt_target": Target.POSTGRES}))
    fresh = landed.model_copy(
        update={"lake_root": f"{landed.lake}-other", "landing_sinks": [Sink.POSTGRES], "dbt_target": Target.POSTGRES}
    )
    warm_stream.land(fresh)
    assert count_rows(fresh) == before


def test_the_bi_role_reads_the_marts_and_can_change_nothing(landed: Settings, marts: dict[Target, Rows]) -> None:
    known = relations(landed)
    assert {"warehouse.crypto_table", "builds.hour_versions", "landing.crypto_prices"} <= set(known)
    assert readable(landed) == {relation for relation in known if relation.startswith("marts.")}
    reader = as_reader(landed)
    with connect(reader) as connection:
        assert connection.execute("select count(*) from marts.crypto_table").fetchone() != (0,)
    for statement in (
        "delete from marts.crypto_table",
        "create table marts.mine (a int)",
        "select * from landing.crypto_prices",
        "set default_transaction_read_only = off; insert into marts.top_5_gainers (rank) values (1)",
    ):
        with connect(reader) as connection, pytest.raises(psycopg.Error, match=r"permission denied|read-only"):
            connection.execute(statement)  # type: ignore[arg-type]


def test_a_wrong_password_is_a_clear_error_without_the_password(stack: Settings) -> None:
    wrong = stack.model_copy(update={"postgres_password": stack.bi_reader_password})
    with pytest.raises(DatabaseUnavailable, match="POSTGRES_PASSWORD"):
        connect(wrong)
    output = run_command(wrong, "coinloom", "publish", expect=1)
    assert "POSTGRES_PASSWORD" in output
    assert stack.bi_reader_password is not None
    assert stack.bi_reader_password.get_secret_value() not in output


def test_no_secret_is_in_any_log(stack: Settings, marts: dict[Target, Rows]) -> None:
    secrets = [stack.postgres_password, stack.bi_reader_password]
    logs = [path for path in stack.coinloom_home.rglob("*.log*") if path.is_file()]
    assert any(path.name == "postgres.log" for path in logs)
    for path in [*logs, stack.coinloom_home / "supervisord.ini"]:
        text = path.read_text(errors="replace")
        assert not [path for secret in secrets if secret and secret.get_secret_value() in text]
