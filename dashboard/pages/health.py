"""How the pipeline is: the age and lag of each stage, the last polls, what was rejected, what is absent."""

import threading
import time
from collections import Counter
from collections.abc import Callable

from cachetools import TTLCache, cached
from dash import Dash, Input, Output, dcc, html
from dash.development.base_component import Component

from coinloom.clock import Clock, seconds_since
from coinloom.settings import Settings, Sink
from coinloom.wording import age
from dashboard import numbers
from dashboard.pages.builds import last_builds, last_minutes
from dashboard.pages.facts import table
from dashboard.pages.stages import stages
from dashboard.parts import card, figure_of
from health.report import Report
from health.verdicts import GIGABYTE

REFRESH_MS = 5_000
LOOK_SECONDS = 4
SHOWN_AGAIN_SECONDS = 15
COINS_SHOWN = 50


class ReportReader:
    """Reads how the pipeline is, as often as LOOK_SECONDS at most, however many browsers ask."""

    def __init__(self, read: Callable[[], Report]) -> None:
        self._read = cached(TTLCache(1, LOOK_SECONDS), condition=threading.Condition())(read)
        self._last: tuple[float, Report] | None = None

    def now(self) -> Report:
        report = self._read()
        self._last = time.monotonic(), report
        return report

    def before(self) -> Report | None:
        """What somebody has seen less than SHOWN_AGAIN_SECONDS ago."""
        if self._last is None:
            return None
        seen_at, report = self._last
        return report if time.monotonic() - seen_at < SHOWN_AGAIN_SECONDS else None


def layout(reader: ReportReader, settings: Settings, now: Clock) -> html.Div:
    """Who opens the page has it looked, and meanwhile sees what was there before; ages are those of now."""
    threading.Thread(target=reader.now, daemon=True).start()
    before = reader.before()
    return html.Div(
        [
            dcc.Interval(id="health-clock", interval=REFRESH_MS),
            html.Div(
                _all_of(before, settings, now) if before else html.P("Looking …", className="nobody"), id="health"
            ),
        ]
    )


def register(app: Dash, reader: ReportReader, settings: Settings, now: Clock) -> None:
    @app.callback(Output("health", "children"), Input("health-clock", "n_intervals"))
    def fill(_: int) -> list[Component]:
        return _all_of(reader.now(), settings, now)


def _all_of(report: Report, settings: Settings, now: Clock) -> list[Component]:
    return [
        html.Div(stages(report, settings, now()), className="stages"),
        html.Div(_figures(report), className="kpis"),
        html.Div(
            [
                html.Div([_polls(report), *last_minutes(report)]),
                html.Div([_marts(report, now), _quarantine(report, now)]),
            ],
            className="grid-2",
        ),
        last_builds(report),
        _absent(report),
    ]


def _figures(report: Report) -> list[Component]:
    database = report.database.value
    return [
        figure_of("In quarantine", numbers.ABSENT if report.quarantine.error else f"{_rejected(report):,}"),
        figure_of("CoinGecko credits left", numbers.ABSENT if report.credits.error else _credits(report)),
        figure_of("Database", numbers.ABSENT if database is None else f"{database / GIGABYTE:,.2f} GB"),
    ]


def _rejected(report: Report) -> int:
    """Of the sink that holds most: each has all messages, unless it is behind."""
    messages = Counter[Sink]()
    for count in report.quarantine.value or []:
        messages[count.sink] += count.messages
    return max(messages.values(), default=0)


def _credits(report: Report) -> str:
    left = report.credits.value
    return f"{left.left:,} of {left.per_month:,}" if left else "not limited"


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
    return card("Last polls", table(["Answered (UTC)", "Took", "Coins", "Outcome"], rows, report.polls))


def _marts(report: Report, now: Clock) -> Component:
    rows = [
        [mart, f"{changed_at:%Y-%m-%d %H:%M:%S}", age(seconds_since(changed_at, now()))]
        for mart, changed_at in (report.freshness.value or {}).items()
    ]
    return card("Marts", table(["Mart", "Last changed (UTC)", "Age"], rows, report.freshness))


def _quarantine(report: Report, now: Clock) -> Component:
    counts = sorted(report.quarantine.value or [], key=lambda count: -count.messages)
    rows = [
        [
            count.reason,
            count.sink,
            f"{count.messages:,}",
            age(seconds_since(count.last_landed_at, now())),
        ]
        for count in counts
    ]
    return card("Quarantine", table(["Reason", "Sink", "Messages", "Last one ago"], rows, report.quarantine))


def _absent(report: Report) -> Component:
    coins = report.absent.value or []
    rows = [
        [coin.coin_id, coin.vs_currency, coin.state, f"{coin.since:%Y-%m-%d %H:%M}"] for coin in coins[:COINS_SHOWN]
    ]
    more = f", {len(coins) - COINS_SHOWN:,} more in ingestion.coin_states" if len(coins) > COINS_SHOWN else ""
    return card(f"Absent coins{more}", table(["Coin", "Currency", "State", "Since (UTC)"], rows, report.absent))
