"""The page of the market, of coins of which not all is known."""

from typing import Any

import pytest

from dashboard.address import Address
from dashboard.market import Market
from dashboard.pages import movers
from dashboard.pages.market_table import market_rows, market_table
from tests.unit.dashboard.made_database import MadeDatabase, row

ADDRESS = Address.read("/")


def totals(*market_caps: float | None) -> str:
    coins = [row(f"coin-{number}", market_cap=cap) for number, cap in enumerate(market_caps)]
    page: Any = movers.layout(Market(MadeDatabase(*coins)), ADDRESS)
    said = {figure.children[0].children: figure.children[1].children for figure in page["summary"].children}
    return str(said["Market cap"])


@pytest.mark.parametrize(("market_caps", "text"), [((None, None), "–"), ((None, 2e9), "2B USD"), ((0.0,), "0 USD")])
def test_a_total_of_what_nobody_knows_is_absent(market_caps: tuple[float | None, ...], text: str) -> None:
    assert totals(*market_caps) == text


def test_a_coin_without_a_name_has_its_id() -> None:
    unnamed, named = market_rows([row("of-a-file"), row("bitcoin", symbol="btc", name="Bitcoin")], "usd")
    assert (unnamed["symbol"], unnamed["name"]) == ("of-a-file", "of-a-file")
    assert (named["symbol"], named["name"]) == ("btc", "Bitcoin")


def test_a_coin_is_not_found_by_the_address_of_its_line() -> None:
    (line,) = (column for column in market_table([]).columnDefs if column["field"] == "line")
    assert line["getQuickFilterText"] == {"function": "params.data.coin_id"}


def test_the_currency_in_the_address_of_a_file_is_quoted() -> None:
    page: Any = movers.layout(Market(MadeDatabase(row("bitcoin"), currency="a&b")), ADDRESS)
    assert [link.href for link in page["market-downloads"].children] == [
        "/download/market.csv?currency=a%26b",
        "/download/market.parquet?currency=a%26b",
    ]
