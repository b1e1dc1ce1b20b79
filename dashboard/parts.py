"""Pieces of pages. Text from outside is a child of a component, never markup."""

from collections.abc import Sequence
from typing import Any

from dash import dcc, html
from dash.development.base_component import Component

from dashboard import numbers
from dashboard.address import Address
from health.verdicts import State

LOOKS = {State.HEALTHY: "good", State.STALE: "warning", State.BROKEN: "critical"}
"""The CSS class of each state."""


def card(title: str, *content: Component, tools: Sequence[Component] = (), id: str = "") -> html.Section:  # noqa: A002
    """A panel with a title, and tools at its right."""
    head = html.Header([html.H2(title), html.Div(list(tools), className="tools")])
    named: dict[str, Any] = {"id": id} if id else {}
    return html.Section([head, *content], className="card", **named)


def change(value: float | None) -> html.Span:
    return html.Span(numbers.change(value), className=f"change {numbers.direction(value)}")


def figure_of(label: str, value: str | Component, hint: str = "") -> html.Div:
    """A number with what it is."""
    return html.Div(
        [html.Span(label, className="label"), html.Span(value, className="value")], title=hint, className="kpi"
    )


def choices(address: Address, name: str, values: Sequence[str], chosen: str) -> html.Nav:
    """Links, one of them chosen, that differ in one part of the address."""
    links = [
        dcc.Link(
            value.upper() if name == "currency" else value,
            href=str(address.of(**{name: value})),
            className="choice chosen" if value == chosen else "choice",
        )
        for value in values
    ]
    return html.Nav(links, className="choices", title=f"{name} that is shown")


def notice(title: str, *lines: str) -> html.Div:
    """What is said where something cannot be shown."""
    return html.Div([html.Strong(title), *(html.P(line) for line in lines)], className="notice", role="status")


def downloads(path: str, query: str) -> list[Component]:
    return [
        html.A(kind, href=f"/download/{path}.{kind.lower()}{query}", className="choice", download="")
        for kind in ("CSV", "Parquet")
    ]
