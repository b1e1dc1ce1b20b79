"""A page is made while its browser still loads scripts: it asks for the layout a fifth of a second after the page."""

import threading
from http import HTTPStatus

from cachetools import TTLCache, cached
from dash import Dash
from dash.development.base_component import Component
from flask import Response, request

from dashboard.address import Address
from dashboard.shell import Pages

KEPT_SECONDS = 3
PAGES_KEPT = 64


def prepared(app: Dash, pages: Pages) -> Pages:
    """The same pages. What one was made of may be as old as KEPT_SECONDS; the page itself sees what is newer then."""

    @cached(TTLCache(PAGES_KEPT, KEPT_SECONDS), condition=threading.Condition())
    def make(address: Address) -> Component:
        return pages[address.page](address)

    def begin(response: Response) -> Response:
        if response.mimetype == "text/html" and response.status_code == HTTPStatus.OK:
            threading.Thread(target=make, args=(Address.read(request.full_path),), daemon=True).start()
        return response

    app.server.after_request(begin)
    return dict.fromkeys(pages, make)
