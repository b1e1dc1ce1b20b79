"""What is on the page while there is nothing to show."""

from pathlib import Path

from playwright.sync_api import Page, expect

from tests.dashboard.conftest import Serve
from tests.dashboard.made_market import make_market
from tests.dashboard.own_postgres import OwnPostgres


def test_an_empty_warehouse_fills(page: Page, own_postgres: OwnPostgres, serve: Serve) -> None:
    empty = own_postgres.migrated("empty")
    page.goto(serve(empty))
    expect(page.locator("#away")).to_contain_text('relation "marts.coin_overview" does not exist')
    expect(page.locator("#away")).to_contain_text("coinloom up")
    expect(page.locator("#age")).to_have_text("no data")
    make_market(empty)
    expect(page.locator(".ag-row[row-id='bitcoin']").first).to_be_visible()
    expect(page.locator("#away")).to_be_empty()


def test_postgres_goes_away_and_comes_back(page: Page, url: str, own_postgres: OwnPostgres, tmp_path: Path) -> None:
    page.goto(f"{url}/coin/bitcoin")
    expect(page.locator("h1")).to_contain_text("Bitcoin")
    own_postgres.stop()
    try:
        expect(page.locator("#away")).to_contain_text("PostgreSQL cannot be reached")
        expect(page.locator("#away")).to_contain_text("Connection refused")
        expect(page.locator("#age")).to_have_class("age critical")
        expect(page.locator("h1")).to_contain_text("Bitcoin")  # what is known stays
        page.locator("#pages").get_by_text("Movers").click()  # a page that was never filled
    finally:
        own_postgres.start()
    expect(page.locator("#away")).to_be_empty()
    expect(page.locator(".ag-row[row-id='bitcoin']").first).to_be_visible()
