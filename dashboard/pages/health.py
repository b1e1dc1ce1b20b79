"""How the pipeline is: the age and lag of each stage, the last polls, what was rejected, what is absent."""

import threading
from collections.abc import Sequence
from typing import Any

from cachetools import TTLCache, cached
from dash import Dash, Input, Output, dcc, html
from dash.development.base_component import Component

from coinloom.clock import Clock
from coinloom.settings import Settings
from dashboard import numbers
from dashboard.pages.stages import stages, why_not
from dashboard.parts import card, figure_of
from health.report import Reading, Report, read_report

REFRESH_MS = 5_000
LOOK_SECONDS = 4
COINS_SHOWN = 50
GIGABYTE = 1e9


def layout() -> html.Div:
    return html.Div(
        [
            dcc.Interval(id="health-clock", interval=REFRESH_MS),
            html.Div(html.P("Looking …", className="nobody"), id="health"),
        ]
    )


def register(app: Dash, settings: Settings, now: Clock) -> None:
    """Look at the pipeline as often as LOOK_SECONDS at most, however many browsers ask."""
    look = cached(TTLCache(1, LOOK_SECONDS), condition=threading.Condition())(lambda: read_report(settings))

    @app.callback(Output("health", "children"), Input("health-clock", "n_intervals"))
    def fill(_: int) -> list[Component]:
        report = look()
        return [
            html.Div(stages(report, settings, now()), className="stages"),
            html.Div(_figures(report), className="kpis"),
            html.Div([_polls(report), html.Div([_marts(report, now), _quarantine(report, now)])], className="grid-2"),
            _absent(report),
        ]


def _figures(report: Report) -> list[Component]:
    disk, left = report.disk.value, report.credits.value
    rejected = sum(count.messages for count in report.quarantine.value or [])
    return [
        figure_of("Messages on the topic", _number(report.messages)),
        figure_of("In quarantine", numbers.ABSENT if report.quarantine.error else f"{rejected:,}"),
        figure_of("CoinGecko credits left", f"{left.left:,} of {left.per_month:,}" if left else "not limited"),
        figure_of("Database", f"{disk.database / GIGABYTE:,.2f} GB" if disk else numbers.ABSENT),
        figure_of(
            "Disk free", f"{disk.free / GIGABYTE:,.0f} of {disk.total / GIGABYTE:,.0f} GB" if disk else numbers.ABSENT
        ),
    ]


def _number(reading: Reading[int]) -> str:
    return numbers.ABSENT if reading.value is None else f"{reading.value:,}"


def _polls(report: Report) -> Component:
    rows = [
        [
            f"{poll.polled_at:%H:%M:%S}",
            f"{poll.seconds:.1f} s",
            f"{poll.coins_answered:,} of {poll.coins_asked:,}",
            html.Span(f"failed: {poll.error}", className="down") if poll.error else f"{poll.messages:,} messages",
        ]
        for poll in report.polls.value or []
    ]
    return card("Last polls", _table(["Answered (UTC)", "Took", "Coins", "Outcome"], rows, report.polls))


def _marts(report: Report, now: Clock) -> Component:
    rows = [
        [mart, f"{changed_at:%Y-%m-%d %H:%M:%S}", numbers.age(numbers.seconds_since(changed_at, now()))]
        for mart, changed_at in (report.freshness.value or {}).items()
    ]
    return card("Marts", _table(["Mart", "Last changed (UTC)", "Age"], rows, report.freshness))


def _quarantine(report: Report, now: Clock) -> Component:
    counts = sorted(report.quarantine.value or [], key=lambda count: -count.messages)
    rows = [
        [
            count.reason,
            count.sink,
            f"{count.messages:,}",
            numbers.age(numbers.seconds_since(count.last_landed_at, now())),
        ]
        for count in counts
    ]
    return card("Quarantine", _table(["Reason", "Sink", "Messages", "Last one ago"], rows, report.quarantine))


def _absent(report: Report) -> Component:
    coins = report.absent.value or []
    rows = [
        [coin.coin_id, coin.vs_currency, coin.state, f"{coin.since:%Y-%m-%d %H:%M}"] for coin in coins[:COINS_SHOWN]
    ]
    more = f", {len(coins) - COINS_SHOWN:,} more in ingestion.coin_states" if len(coins) > COINS_SHOWN else ""
    return card(f"Absent coins{more}", _table(["Coin", "Currency", "State", "Since (UTC)"], rows, report.absent))


def _table(head: Sequence[str], rows: Sequence[Sequence[Any]], reading: Reading[Any]) -> Component:
    if (why := why_not(reading)) is not None:
        return why
    if not rows:
        return html.P("None.", className="nobody")
    columns = html.Thead(html.Tr([html.Th(name) for name in head]))
    body = html.Tbody([html.Tr([html.Td(value) for value in row]) for row in rows])
    return html.Div(html.Table([columns, body], className="facts"), className="scroll")
