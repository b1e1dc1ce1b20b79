"""How far the prices have come, a card for each stage: green, amber or red, and why."""

from datetime import datetime

from dash import html
from dash.development.base_component import Component

from coinloom.clock import seconds_since
from coinloom.settings import Settings, Stage
from coinloom.wording import age
from dashboard import numbers
from dashboard.parts import LOOKS
from health.report import Report
from health.verdicts import GIGABYTE, Verdict, landing_in, newest, verdicts

TITLES = {Stage.POLLS: "Polled", Stage.TOPIC: "On the topic", Stage.MARTS: "Published", Stage.DISK: "Disk"}


def stages(report: Report, settings: Settings, now: datetime) -> list[Component]:
    """In the order in which a price passes them."""
    titles = TITLES | {landing_in(sink): f"Landed in {sink}" for sink in report.landings}
    holds = _holds(report, now)
    return [_card(titles[verdict.stage], holds, verdict) for verdict in verdicts(report, settings, now)]


def _holds(report: Report, now: datetime) -> dict[str, str]:
    """By stage, the age of what it holds, or how much that is."""
    ages = {stage: age(seconds_since(moment, now)) for stage, moment in newest(report).items()}
    messages, disk = report.messages.value, report.disk.value
    return ages | {
        Stage.TOPIC: numbers.ABSENT if messages is None else f"{messages:,}",
        Stage.DISK: f"{disk.free / GIGABYTE:,.0f} GB free" if disk else numbers.ABSENT,
    }


def _card(title: str, holds: dict[str, str], verdict: Verdict) -> Component:
    state = verdict.state.name.lower()
    head = html.H3([html.Span(className="dot"), title, html.Span(state, className="how")])
    figure = html.Div(holds.get(verdict.stage, numbers.ABSENT), className="age-of")
    return html.Div([head, figure, html.P(verdict.reason)], className=f"stage {LOOKS[verdict.state]}")
