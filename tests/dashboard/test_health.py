"""The page of the pipeline's health, beside a PostgreSQL that runs and a broker that does not."""

from datetime import UTC, datetime, timedelta

from playwright.sync_api import Page, expect

from coinloom.settings import Settings
from stores.database import connect

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


def test_each_stage_has_its_age_and_what_is_away_is_said(page: Page, url: str, market: Settings) -> None:
    now = datetime.now(UTC)
    with connect(market) as connection:
        connection.execute(POLL, ["b", now, 0, 0, "HTTP 429 <b>slow down</b>"])
        connection.execute(POLL, ["a", now - timedelta(minutes=10), 250, 250, None])
        connection.execute("insert into ingestion.coin_states values ('gone', 'usd', %s, 'retired')", [now])
        connection.execute(REJECTED)
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
