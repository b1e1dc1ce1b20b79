"""A page is made while its browser still loads scripts, once."""

import threading

from dash import Dash, html
from dash.development.base_component import Component

from dashboard.address import Address, Page
from dashboard.prepared import prepared


def test_a_page_is_made_once_when_its_html_is_asked_for() -> None:
    app, made, is_made = Dash("pages", serve_locally=True, enable_mcp=False, use_async=False), [], threading.Event()

    def coin(address: Address) -> Component:
        made.append(address.coin)
        is_made.set()
        return html.Div(address.coin)

    pages = prepared(app, {Page.COIN: coin})
    app.layout = html.Div()
    client = app.server.test_client()
    assert client.get("/coin/bitcoin?currency=usd").status_code == 200
    assert is_made.wait(10)
    address = Address.read("http://localhost/coin/bitcoin?currency=usd")
    assert pages[Page.COIN](address) is pages[Page.COIN](address)
    assert made == ["bitcoin"]
    client.get("/_dash-layout")
    assert made == ["bitcoin"]
    pages[Page.COIN](address.of(coin="ethereum"))
    assert made == ["bitcoin", "ethereum"]
