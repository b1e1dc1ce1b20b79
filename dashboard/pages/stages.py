"""How far the prices have come, a card for each stage: green, amber or red by the age of what it holds."""

from collections.abc import Iterator
from datetime import UTC, datetime

from dash import html
from dash.development.base_component import Component

from coinloom.settings import Settings
from dashboard import numbers
from dashboard.parts import level
from health.report import Reading, Report


def stages(report: Report, settings: Settings, now: datetime) -> list[Component]:
    """In the order in which a price passes them."""
    return [_card(*stage, settings, now) for stage in _stages(report)]


Stage = tuple[str, datetime | None, str]
"""Its name, the moment of what is newest in it, and what else there is to say."""


def _stages(report: Report) -> Iterator[Stage]:
    yield _polled(report)
    yield from _landed(report)
    newest = max((report.freshness.value or {}).values(), default=None)
    yield (
        "Published",
        newest,
        report.freshness.error or ("since a publish last changed a mart" if newest else "nothing yet"),
    )


def _polled(report: Report) -> Stage:
    polls = report.polls.value
    if not polls:
        return "Polled", None, report.polls.error or "nothing yet"
    good = next((poll for poll in polls if poll.error is None), None)
    if good is None:
        return "Polled", None, f"the last {len(polls)} polls failed: {polls[0].error}"
    said = f"{good.coins_answered:,} of {good.coins_asked:,} coins, {good.messages:,} messages"
    waiting = f"; {polls[0].messages_waiting:,} wait for Kafka" if polls[0].messages_waiting else ""
    return "Polled", good.polled_at, said + waiting


def _landed(report: Report) -> Iterator[Stage]:
    if report.landings.value is None:
        yield "Landed", None, report.landings.error
    for landing in report.landings.value or []:
        name = f"Landed in {landing.sink}"
        lag = report.messages.error or f"{landing.lag:,} of {report.messages.value:,} messages behind"
        if landing.newest is None:
            yield name, None, f"nothing yet, {lag}"
        else:
            rows = f"{landing.newest.rows:,} rows since {landing.newest.landed_hour[-2:]}:00, {lag}"
            yield name, landing.newest.newest_event.replace(tzinfo=UTC), rows


def _card(name: str, moment: datetime | None, said: str, settings: Settings, now: datetime) -> Component:
    seconds = None if moment is None else numbers.seconds_since(moment, now)
    how = level(seconds, settings)
    age = numbers.ABSENT if seconds is None else numbers.age(seconds)
    title = html.H3([html.Span(className="dot"), name, html.Span(how, className="how")])
    return html.Div([title, html.Div(age, className="age-of"), html.P(said)], className=f"stage {how}")


def why_not(reading: Reading[object]) -> Component | None:
    """What is said in place of a table that could not be read."""
    return html.P(reading.error, className="nobody") if reading.error else None
