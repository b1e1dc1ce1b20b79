"""The page of the pipeline's health, beside a PostgreSQL that runs and a broker that does not."""

from datetime import UTC, datetime, timedelta

from playwright.sync_api import Page, expect

from coinloom.settings import Settings, Sink
from stores.database import connect
from tests.dashboard.conftest import Serve

POLL = """
    insert into ingestion.polls (poll_id, polled_at, seconds, coins_asked, coins_answered, messages, error,
        coins_unknown, coins_retired, coins_unpriced, messages_waiting)
    values (%s, %s, 0.4, 250, %s, %s, %s, 0, 0, 1, 0)
"""
REJECTED = """
    insert into quarantine.crypto_prices (kafka_topic, kafka_partition, kafka_offset, produced_at, raw_value, reason,
        landed_at, landed_hour)
    values ('crypto-prices', 0, 1, now() at time zone 'UTC', '', 'not_json', now() at time zone 'UTC', '2026-01-01T00')
"""
LANDED = """
    insert into landing.crypto_prices (coin_id, vs_currency, price, last_updated_at, fetched_at, is_event_time_imputed,
        kafka_topic, kafka_partition, kafka_offset, produced_at, landed_at, landed_hour)
    select 'bitcoin', 'usd', 1, %(at)s, %(at)s, false, 'crypto-prices', 0, number, %(at)s, %(at)s, '2026-02-02T00'
    from generate_series(3, 1236) as number
"""
LANDED_BEFORE = LANDED.replace("2026-02-02T00", "2026-02-01T23").replace("3, 1236", "1, 2")
BUILD = """
    insert into operations.builds (began_at, ended_at, command, target, outcome, failed_node, failure, models_passed,
        models_failed, models_skipped, models_warned, tests_passed, tests_failed, tests_skipped, tests_warned,
        seconds_in_models, seconds_in_tests, slowest_nodes)
    values (%(ended_at)s - interval '17.5 seconds', %(ended_at)s, 'build', 'spark', %(outcome)s, %(failed_node)s,
        %(failure)s, 28, 0, 0, 0, 41, 0, 0, 2, 9, 4, '[{"node": "int_prices", "seconds": 2.75}]')
"""


def test_each_stage_has_its_age_and_what_is_away_is_said(page: Page, url: str, market: Settings) -> None:
    now = datetime.now(UTC)
    with connect(market) as connection:
        connection.execute(POLL, ["b", now, 0, 0, "HTTP 429 <b>slow down</b>"])
        connection.execute(POLL, ["a", now - timedelta(minutes=10), 250, 250, None])
        connection.execute("insert into ingestion.coin_states values ('gone', 'usd', %s, 'retired')", [now])
        connection.execute(REJECTED)
        failed = {"outcome": "failed", "failed_node": "ohlc_5m", "failure": "Database Error <i>in model ohlc_5m"}
        connection.execute(BUILD, {"ended_at": now - timedelta(minutes=1)} | failed)
        connection.execute(BUILD, {"ended_at": now, "outcome": "passed", "failed_node": None, "failure": None})
    page.goto(f"{url}/health")
    polled = page.locator(".stage", has_text="Polled")
    expect(polled).to_contain_text("250 of 250 coins")
    expect(polled).to_have_class("stage critical")
    expect(polled.locator(".age-of")).to_contain_text("10 min")
    expect(page.locator(".stage", has_text="Published")).to_have_class("stage good")
    expect(page.locator(".stage", has_text="On the topic")).to_contain_text("KAFKA_BOOTSTRAP_SERVERS")
    expect(page.locator(".stage", has_text="Landed in")).to_contain_text("Nothing has landed yet")
    expect(page.locator(".stage", has_text="Disk")).to_contain_text("GB are free")
    expect(page.locator(".card", has_text="Last polls")).to_contain_text("failed: HTTP 429 <b>slow down</b>")
    expect(page.locator(".card", has_text="Absent coins")).to_contain_text("retired")
    expect(page.locator(".card", has_text="Marts")).to_contain_text("coin_overview")
    newest, before = page.locator(".card", has_text="Last builds").locator("tbody tr").all()
    expect(newest).to_contain_text("28 models, 41 tests passed, 2 warned")
    expect(newest).to_contain_text("17.5 s")
    expect(newest).to_contain_text("int_prices 2.8 s")
    expect(before).to_contain_text("failed: ohlc_5m: Database Error <i>in model ohlc_5m")


def test_rows_are_counted_by_the_minute_in_which_they_came(page: Page, market: Settings, serve: Serve) -> None:
    url = serve(market.model_copy(update={"landing_sinks": [Sink.POSTGRES]}))
    with connect(market) as connection:
        connection.execute("truncate quarantine.crypto_prices")
        connection.execute(LANDED, {"at": datetime(2026, 2, 2, 0, 7, 59)})
        connection.execute(LANDED_BEFORE, {"at": datetime(2026, 2, 1, 23, 57)})
    page.goto(f"{url}/health")
    rows = page.locator(".card", has_text="Rows per minute, postgres").locator("tbody tr")
    expect(rows).to_have_count(1)
    expect(rows).to_have_text("00:071,2340")


def test_what_was_seen_before_is_there_until_the_next_look(page: Page, url: str) -> None:
    page.goto(f"{url}/health")
    expect(page.locator("#health .stages")).to_be_visible()
    with page.expect_response("**/_dash-layout") as layout:
        page.reload()
    assert '"className":"stages"' in layout.value.text()
