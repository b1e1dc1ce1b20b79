"""Looks at PostgreSQL, which the monitor and an open Health page take every few seconds: what they see and cost."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from random import Random

import pytest

from coinloom.settings import Settings, Sink
from health.polls import last_polls
from health.report import read_report
from monitoring.counts import Counting, Counts
from quarantine.sinks import count_by_reason, look_at_reasons
from stores.arrivals import Arrivals, arrivals
from stores.database import connect
from stores.landed_rows import LandedRows
from stores.landing import NewestRows, newest_rows
from tests.dashboard.own_postgres import OwnPostgres

LANDED = """
    insert into landing.crypto_prices (coin_id, vs_currency, price, last_updated_at, fetched_at, is_event_time_imputed,
        kafka_topic, kafka_partition, kafka_offset, produced_at, landed_at, landed_hour, name)
    select 'bitcoin', 'usd', 1, %(event)s, %(at)s, false, 'prices', 0,
        number + (select coalesce(max(kafka_offset), 0) from landing.crypto_prices), %(at)s, %(at)s,
        to_char(%(at)s::timestamp, 'YYYY-MM-DD"T"HH24'), repeat('x', %(bytes)s)
    from generate_series(1, %(rows)s) as number
"""
REJECTED = """
    insert into quarantine.crypto_prices (kafka_topic, kafka_partition, kafka_offset, produced_at, raw_value, reason,
        landed_at, landed_hour)
    select 'prices', 0, number + (select coalesce(max(kafka_offset), 0) from quarantine.crypto_prices), %(at)s, '',
        %(reason)s, %(at)s, to_char(%(at)s::timestamp, 'YYYY-MM-DD"T"HH24')
    from generate_series(1, %(rows)s) as number
"""
POLL = """
    insert into ingestion.polls (poll_id, polled_at, seconds, coins_asked, coins_answered, messages, error,
        coins_unknown, coins_retired, coins_unpriced, messages_waiting)
    values (gen_random_uuid(), %s, 0.4, 250, 250, 250, %s, 0, 0, 0, 0)
"""
AT_A_PLACE = """
    insert into landing.crypto_prices (coin_id, vs_currency, price, is_event_time_imputed, kafka_topic, landed_hour,
        kafka_partition, kafka_offset, produced_at, landed_at, fetched_at, last_updated_at)
    values ('bitcoin', 'usd', 1, false, 'prices', '2026-11-22T10', %s, %s, %s, %s, %s, %s)
"""
BY_A_SCAN = "select count(*) from landing.crypto_prices where landed_at >= %s and landed_at < %s"
BLOCKS = "select pg_relation_size('landing.crypto_prices') / current_setting('block_size')::int"
READ = "select heap_blks_read + heap_blks_hit from pg_statio_all_tables where relid = 'landing.crypto_prices'::regclass"
TEN = datetime(2026, 11, 22, 10)
LONG_AGO = datetime(2025, 3, 1)
TABLES = ("landing.crypto_prices", "quarantine.crypto_prices", "ingestion.polls")


@pytest.fixture(scope="module")
def database(own_postgres: OwnPostgres) -> Settings:
    """Of its own, with the sink for PostgreSQL alone."""
    return own_postgres.migrated("looked_at", landing_sinks=[Sink.POSTGRES])


@pytest.fixture
def looked_at(database: Settings) -> Iterator[Settings]:
    """Empty."""
    yield database
    with connect(database) as connection:
        for table in TABLES:
            connection.execute(f"truncate {table}")


def land(settings: Settings, at: datetime, event: datetime, rows: int = 1, size: int = 1) -> None:
    with connect(settings) as connection:
        connection.execute(LANDED, {"at": at, "event": event, "rows": rows, "bytes": size})


def reject(settings: Settings, at: datetime, rows: int, reason: str = "not_json") -> None:
    with connect(settings) as connection:
        connection.execute(REJECTED, {"at": at, "rows": rows, "reason": reason})


def ago(**how_long: float) -> datetime:
    return datetime.now(UTC).replace(tzinfo=None) - timedelta(**how_long)


def test_before_the_first_row_there_is_nothing(looked_at: Settings) -> None:
    assert newest_rows(looked_at, Sink.POSTGRES) is None
    assert arrivals(looked_at, Sink.POSTGRES) == Arrivals(Sink.POSTGRES, {}, {})
    assert look_at_reasons(looked_at) == []


def test_a_price_of_now_counts_while_a_backfill_lands(looked_at: Settings) -> None:
    live, last = TEN - timedelta(minutes=31), TEN
    land(looked_at, TEN - timedelta(minutes=30), live)
    land(looked_at, last, LONG_AGO, rows=3_000)
    assert newest_rows(looked_at, Sink.POSTGRES) == NewestRows(last, live)


def test_what_landed_hours_before_the_last_row_counts_no_more(looked_at: Settings) -> None:
    land(looked_at, TEN, TEN)
    for minutes, newest in ((124, TEN), (126, LONG_AGO)):
        land(looked_at, TEN + timedelta(minutes=minutes), LONG_AGO, rows=10)
        assert newest_rows(looked_at, Sink.POSTGRES) == NewestRows(TEN + timedelta(minutes=minutes), newest)


def test_what_is_rejected_is_counted_and_is_no_row_that_landed(looked_at: Settings) -> None:
    """Across the turn of the hour. The minute 09:53 began ten minutes before the last."""
    at = {minute: TEN + timedelta(minutes=minute) for minute in (-7, -6, -2, 0, 3)}
    for minute in (-7, -6, -2):
        land(looked_at, at[minute] + timedelta(seconds=59), TEN, rows=10 - minute)
    for minute in (0, 3):
        reject(looked_at, at[minute], rows=5 + minute)
    found = arrivals(looked_at, Sink.POSTGRES)
    assert found == Arrivals(Sink.POSTGRES, {at[-6]: 16, at[-2]: 12}, {at[0]: 5, at[3]: 8})
    assert newest_rows(looked_at, Sink.POSTGRES) == NewestRows(at[-2] + timedelta(seconds=59), TEN)


def test_a_look_does_not_read_the_hour(looked_at: Settings) -> None:
    """Of which a file of prices has filled the first 40 minutes."""
    for minute in range(40):
        land(looked_at, TEN + timedelta(minutes=minute), LONG_AGO, rows=2_000, size=600)
    for minute in range(50, 60):
        land(looked_at, TEN + timedelta(minutes=minute), TEN + timedelta(minutes=minute), rows=10)
    with connect(looked_at) as connection:
        (blocks,) = connection.execute(BLOCKS).fetchone() or (0,)
    before = blocks_read(looked_at)
    last = TEN + timedelta(minutes=59)
    assert newest_rows(looked_at, Sink.POSTGRES) == NewestRows(last, last)
    assert sum(arrivals(looked_at, Sink.POSTGRES).landed.values()) == 100
    assert 0 < blocks_read(looked_at, more_than=before) - before < blocks / 5


def test_rows_between_two_moments_are_those_that_a_scan_finds(looked_at: Settings) -> None:
    """Of three partitions, of which one has gaps where messages were rejected, and one ends early."""
    chance = Random(7)  # noqa: S311 nothing here is secret
    batches = [TEN + timedelta(seconds=20 * batch) for batch in range(100)]
    with connect(looked_at) as connection:
        for partition, share in ((0, 1.0), (1, 0.3), (2, 1.0)):
            places = [(batch, offset) for offset, batch in enumerate(sorted(chance.choices(batches, k=5_000)))]
            kept = [place for place in places if chance.random() < share and (partition < 2 or place[0] < batches[60])]
            rows = [(partition, offset, at, at, at, at) for at, offset in kept]
            connection.cursor().executemany(AT_A_PLACE, rows)
        found = LandedRows(connection, "landing")
        assert found.last_at() == batches[-1]
        for _ in range(60):
            since, until = sorted(at + timedelta(seconds=chance.choice((-1, 0, 1))) for at in chance.sample(batches, 2))
            (expected,) = connection.execute(BY_A_SCAN, [since, until]).fetchone() or (0,)
            assert sum(found.between(since, until, "count(*)")) == expected
        assert sum(found.between(TEN - timedelta(days=1), datetime.max, "count(*)")) > 5_000


def blocks_read(settings: Settings, more_than: int = -1) -> int:
    """Since the server began; a session that has ended just now is counted a moment later."""
    deadline = time.monotonic() + 10
    while True:
        with connect(settings) as connection:
            (read,) = connection.execute(READ).fetchone() or (0,)
        if read > more_than:
            return int(read)
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_a_look_counts_what_the_command_counts(looked_at: Settings) -> None:
    for hour in range(5):
        reject(looked_at, TEN + timedelta(hours=hour), rows=10)
        reject(looked_at, TEN + timedelta(hours=hour, minutes=30), rows=10 * hour, reason="invalid_price")
    assert {count.reason: count.messages for count in look_at_reasons(looked_at)} == {
        "invalid_price": 100,
        "not_json": 50,
    }
    assert look_at_reasons(looked_at) == count_by_reason(looked_at)
    for removed in (TEN + timedelta(minutes=1), TEN + timedelta(hours=1, minutes=1)):
        with connect(looked_at) as connection:
            connection.execute("delete from quarantine.crypto_prices where landed_at < %s", [removed])
        assert look_at_reasons(looked_at) == count_by_reason(looked_at)


def test_the_sample_is_one_of_the_newest(looked_at: Settings) -> None:
    for minute in range(3):
        reject(looked_at, TEN + timedelta(minutes=minute), rows=10)
    (count,) = count_by_reason(looked_at)
    assert (count.messages, count.sample) == (30, "prices/0/30")
    assert (count.first_landed_at, count.last_landed_at) == (
        TEN.replace(tzinfo=UTC),
        TEN.replace(tzinfo=UTC) + timedelta(minutes=2),
    )


def test_a_look_does_not_wait_for_ever_for_a_quarantine_that_somebody_has_locked(looked_at: Settings) -> None:
    with connect(looked_at) as holder:
        holder.execute("lock table quarantine.crypto_prices in access exclusive mode")
        report = read_report(looked_at, with_arrivals=False)
    assert "statement timeout" in report.quarantine.error
    assert report.polls.value == []


def test_a_clock_that_was_set_back_hides_no_poll(looked_at: Settings) -> None:
    """An hour ahead from the start; then it was set right."""
    counting = Counting(looked_at)
    assert counting.now() == Counts()
    poll(looked_at, *[ago(hours=-1)] * 12)
    assert counting.now() == Counts(polls=12)
    poll(looked_at, ago(seconds=30), ago(seconds=10))
    first, second, third = last_polls(looked_at, 3)
    assert first.polled_at > second.polled_at
    assert third.polled_at > first.polled_at + timedelta(minutes=59)
    assert counting.now() == Counts(polls=14)


def poll(settings: Settings, *moments: datetime) -> None:
    with connect(settings) as connection:
        for moment in moments:
            connection.execute(POLL, [moment.replace(tzinfo=UTC), None])
