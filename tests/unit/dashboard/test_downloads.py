"""Files of the market, by the currency that is named."""

import pytest
from flask import Flask

from dashboard import downloads
from dashboard.market import Market
from tests.unit.dashboard.made_database import MadeDatabase, row


@pytest.mark.parametrize(("query", "status"), [("", 200), ("?currency=usd", 200), ("?currency=xyz", 404)])
def test_a_currency_that_is_not_there_has_no_file(query: str, status: int) -> None:
    server = Flask("files")
    downloads.register(server, Market(MadeDatabase(row("bitcoin"))))
    answer = server.test_client().get(f"/download/market.csv{query}")
    assert answer.status_code == status
    assert ("bitcoin" in answer.text) == (status == 200)
