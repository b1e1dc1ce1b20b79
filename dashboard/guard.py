"""Who may call the dashboard: browsers on this machine, by its own names, from its own pages.

A page from elsewhere whose name was made to point here (DNS rebinding) comes with its own name as host, and is refused.
"""

from urllib.parse import urlsplit

from dash import Dash
from flask import Response, abort, request

from coinloom.settings import Settings

OWN_NAMES = ("127.0.0.1", "localhost", "[::1]")
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


def protect(app: Dash, settings: Settings) -> None:
    """Refuse what does not come from a page of ours, and let browsers load nothing from elsewhere.

    To be called when all callbacks are registered: the policy names the scripts that Dash writes into the page.
    """
    server = app.server
    server.config["TRUSTED_HOSTS"] = [*OWN_NAMES, settings.dashboard_host, *settings.dashboard_allowed_hosts]
    policy = _policy(app)

    def refuse_others() -> None:
        host = request.host  # raises 400 for a name that is not trusted
        origin = request.headers.get("Origin")
        if origin is not None and urlsplit(origin).netloc != host:
            abort(403)

    def add_headers(response: Response) -> Response:
        response.headers.update(HEADERS | {"Content-Security-Policy": policy})
        return response

    server.before_request(refuse_others)
    server.after_request(add_headers)


def _policy(app: Dash) -> str:
    rules = {
        "default-src": "'self'",
        "script-src": " ".join(["'self'", *app.csp_hashes()]),
        "style-src": "'self' 'unsafe-inline'",  # AG Grid and Plotly write their styles into the page
        "img-src": "'self' data: blob:",
        "font-src": "'self' data:",
        "object-src": "'none'",
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-ancestors": "'none'",
    }
    return "; ".join(f"{name} {value}" for name, value in rules.items())
