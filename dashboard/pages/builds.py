"""What came in the last minutes, and what the last builds made of it."""

from dash import html
from dash.development.base_component import Component

from dashboard.pages.facts import table
from dashboard.parts import card
from health.builds import Build
from health.report import Report
from stores.arrivals import Arrivals

MINUTES_SHOWN = 10
NODES_SHOWN = 3


def last_builds(report: Report) -> Component:
    rows = [
        [f"{build.ended_at:%H:%M:%S}", f"{build.seconds:.1f} s", _slowest(build), _outcome(build)]
        for build in report.builds.value or []
    ]
    return card("Last builds", table(["Ended (UTC)", "Took", "Slowest nodes", "Outcome"], rows, report.builds))


def last_minutes(report: Report) -> list[Component]:
    """A card for each sink, of the last ten minutes in which anything came."""
    cards: list[Component] = []
    for sink, reading in report.arrivals.items():
        rows = _minutes(reading.value) if reading.value else []
        cards.append(card(f"Rows per minute, {sink}", table(["Minute (UTC)", "Landed", "Quarantined"], rows, reading)))
    return cards


def _minutes(arrived: Arrivals) -> list[list[str]]:
    return [
        [f"{minute:%H:%M}", f"{arrived.landed.get(minute, 0):,}", f"{arrived.rejected.get(minute, 0):,}"]
        for minute in arrived.minutes[:MINUTES_SHOWN]
    ]


def _outcome(build: Build) -> Component | str:
    if build.has_passed:
        warned = build.tests_warned + build.models_warned
        said = f"{build.models_passed} models, {build.tests_passed} tests passed"
        return said + (f", {warned} warned" if warned else "")
    what = f"{build.failed_node}: {build.failure}" if build.failed_node else build.failure
    return html.Span(f"failed: {what}", className="down")


def _slowest(build: Build) -> str:
    slowest = build.slowest_nodes[:NODES_SHOWN]
    return ", ".join(f"{node['node']} {node['seconds']:.1f} s" for node in slowest)
