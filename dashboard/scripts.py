"""Scripts and styles are at the browser when they are needed: asked for early, and not asked for again.

Dash loads the script of a component when a page first has one: after its own scripts, the layout and the drawing of it.
A browser that is told before (https://www.w3.org/TR/preload/) has it by then.
"""

from dash import Dash
from flask import Response, request

from dashboard.address import Address, Page

SUITES = "/_dash-component-suites"
SCRIPTS = {
    Page.MOVERS: ("dash_ag_grid/async-community.js",),
    Page.COIN: ("dash/dcc/async-dropdown.js", "dash/dcc/async-graph.js", "plotly/package_data/plotly.min.js"),
}

# A script without a version in its address may be another one after an update; a style's address has its time.
KEEP_SCRIPT = "public, max-age=300"
KEEP_STYLE = "public, max-age=31536000, immutable"


def send_sooner(app: Dash) -> None:
    """Name the scripts with every page that needs them, as Link header, and say how long files may be kept.

    Dash reads and hashes a script for each browser that asks whether its own is still the same; once is enough.
    """
    tags: dict[str, str] = {}

    def still_the_same() -> Response | None:
        tag = tags.get(request.path)
        if tag is None or tag not in request.if_none_match:
            return None
        answer = Response(status=304)
        answer.set_etag(tag)
        return answer

    def add_links(response: Response) -> Response:
        if response.mimetype == "text/html":
            for script in SCRIPTS.get(Address.read(request.path).page, ()):
                response.headers.add("Link", f"<{SUITES}/{script}>; rel=preload; as=script")
        return response

    def keep(response: Response) -> Response:
        tag, _ = response.get_etag()
        if tag and request.path.startswith(f"{SUITES}/"):
            tags[request.path] = tag
            response.headers["Cache-Control"] = KEEP_SCRIPT
        elif request.path.startswith("/assets/") and "m" in request.args:
            response.headers["Cache-Control"] = KEEP_STYLE
        return response

    app.server.before_request(still_the_same)
    app.server.after_request(add_links)
    app.server.after_request(keep)
