"""Tables of what is known of the pipeline; what could not be read is said in their place."""

from collections.abc import Sequence
from typing import Any

from dash import html
from dash.development.base_component import Component

from health.report import Reading


def table(head: Sequence[str], rows: Sequence[Sequence[Any]], reading: Reading[Any]) -> Component:
    """`rows` are those of the reading."""
    if (why := why_not(reading)) is not None:
        return why
    if not rows:
        return html.P("None.", className="nobody")
    columns = html.Thead(html.Tr([html.Th(name) for name in head]))
    body = html.Tbody([html.Tr([html.Td(value) for value in row]) for row in rows])
    return html.Div(html.Table([columns, body], className="facts"), className="scroll")


def why_not(reading: Reading[object]) -> Component | None:
    """What is said in place of a table that could not be read."""
    return html.P(reading.error, className="nobody") if reading.error else None
