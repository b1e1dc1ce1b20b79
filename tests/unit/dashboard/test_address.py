"""What an address says, and that it can be said again."""

import pytest

from dashboard.address import Address, Page


@pytest.mark.parametrize(
    "href",
    [
        "/?currency=usd&change=1h",
        "/coin/bitcoin?currency=eur&bars=5m&span=7d",
        "/coin/a%2Fb%20%3Cscript%3E?currency=usd&bars=1d&span=1y",
        "/coin?currency=usd&bars=1m&span=3h",
        "/health?currency=usd",
    ],
)
def test_what_is_read_is_written_again(href: str) -> None:
    assert str(Address.read(f"http://127.0.0.1:8050{href}")) == href


def test_what_is_not_said_or_is_wrong_is_as_usual() -> None:
    address = Address.read("/coin/bitcoin?bars=9m&span=forever&change=never&currency=")
    assert (address.bars, address.span, address.change, address.currency) == ("1m", "3h", "", "")


def test_a_span_that_the_other_bars_do_not_have_becomes_their_usual_one() -> None:
    address = Address.read("/coin/bitcoin?bars=1m&span=12h")
    assert address.of(bars="5m").span == "12h"
    assert address.of(bars="1d").span == "90d"


def test_a_coin_may_be_called_anything() -> None:
    assert Address.read("/coin/a%2Fb").coin == "a/b"
    assert Address.read("/coin/a/b").page is Page.NOT_FOUND
