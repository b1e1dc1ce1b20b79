"""What runs, how the last poll went, how far each stage is, and how old what it holds is."""

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from functools import partial
from itertools import chain
from operator import attrgetter

from rich.console import Console
from rich.table import Table
from rich.text import Text

from coinloom.clock import seconds_since, utc_now
from coinloom.settings import Settings, Sink
from coinloom.wording import age, first_names, printable
from health.polls import Poll, absent_coins, credits_left, last_polls
from health.report import Reading, reading
from health.stages import landed
from health.tables import read_tuples
from ingestion.topic import topic_ends
from maintenance.retention import LEFTOVERS_ARE_OLDER_THAN
from quarantine.sinks import count_by_reason
from stack.supervisor import Supervisor

COLOURS = {"RUNNING": "green", "STOPPED": "yellow", "STARTING": "yellow"}
NAMED_AT_MOST = 10
MARTS = """
    select vs_currency, count(*), count(distinct coin_id), max(bar_minute)
    from marts.crypto_table
    group by vs_currency
    order by vs_currency
"""

Row = tuple[str, str, str, str]
"""Stage, what it holds, its newest event, how old that is."""


def show_status(settings: Settings, console: Console) -> None:
    """Print the supervised processes and the state of every stage that can be reached."""
    supervisor = Supervisor(settings)
    states = supervisor.states()
    if not states:
        console.print("Nothing is running. 'coinloom up' starts the pipeline, 'coinloom demo' shows it.")
        return
    processes = Table("process", "state", "detail")
    for process in states:
        colour = COLOURS.get(process.state, "red")
        processes.add_row(process.name, f"[{colour}]{process.state}[/{colour}]", process.description)
    console.print(processes)
    for show in (_show_credits, _show_polls, show_stages, _show_retention):
        _show(show, settings, console)


def _show(show: Callable[[Settings, Console], None], settings: Settings, console: Console) -> None:
    """What cannot be read is said in its place, and the rest is shown all the same."""
    _say(reading(partial(show, settings, console)).error, console)


def _say(error: str, console: Console) -> None:
    if error:
        console.print(error, style="yellow", markup=False)


def _show_credits(settings: Settings, console: Console) -> None:
    if (month := credits_left(settings)) is not None:
        console.print(f"CoinGecko: {month.left:,} of {month.per_month:,} credits are left this month.")


def _show_polls(settings: Settings, console: Console) -> None:
    polls = last_polls(settings)
    if not polls:
        console.print("Nothing has been polled yet.")
        return
    poll = polls[0]
    answered = f"{poll.coins_answered} of {poll.coins_asked} coins, {poll.messages} messages"
    what = f"failed: {poll.error}" if poll.error else answered
    console.print(f"Last poll: {_since(poll.polled_at)} ago, {printable(what)}.", markup=False)
    if poll.coins_unknown or poll.coins_retired or poll.coins_unpriced:
        _show_absent(settings, console, poll)
    if poll.messages_waiting:
        console.print(f"{poll.messages_waiting:,} messages wait on disk for Kafka.", style="yellow")


def _show_absent(settings: Settings, console: Console, poll: Poll) -> None:
    absent = [f"{coin.coin_id} ({coin.state})" for coin in absent_coins(settings)]
    unknown, retired, unpriced = poll.coins_unknown, poll.coins_retired, poll.coins_unpriced
    counts = f"{unknown} coins are unknown, {retired} retired, {unpriced} without a price"
    names = first_names(absent, NAMED_AT_MOST)
    console.print(f"{counts}: {printable(names)}; see ingestion.coin_states.", style="yellow", markup=False)


def show_stages(settings: Settings, console: Console) -> None:
    """A table of what can be read, and below it why the rest cannot."""
    ends = reading(partial(topic_ends, settings))
    others = [
        *(_landing(settings, sink, ends.value) for sink in settings.sinks),
        *(_quarantine(settings, sink) for sink in settings.sinks),
        _marts(settings),
    ]
    readings = [ends.of(partial(_topic, settings)), *(_read(rows) for rows in others)]
    stages = Table("stage", "holds", "newest event (UTC)", "age", title="How far the prices have come")
    for row in chain.from_iterable(read.value or [] for read in readings):
        stages.add_row(*(Text(printable(cell)) for cell in row))
    console.print(stages)
    for error in dict.fromkeys(read.error for read in readings):
        _say(error, console)


def _read(rows: Iterator[Row]) -> Reading[list[Row]]:
    return reading(lambda: list(rows))


def _show_retention(settings: Settings, console: Console) -> None:
    kept = {
        "messages on the topic": settings.kafka_retention_days,
        "landing": settings.landing_retention_days,
        "quarantine": settings.quarantine_retention_days,
        "reports of polls and states of coins": settings.polls_retention_days,
        "records of builds": settings.builds_retention_days or None,
        "what a killed process has written aside": LEFTOVERS_ARE_OLDER_THAN.days,
    }
    console.print("Kept: " + ", ".join(f"{what} {_days(days)}" for what, days in kept.items()) + ".")
    logs = f"the newest {settings.logs_megabytes:g} MB of each process and of dbt"
    console.print(f"Logs: {logs}, in {Supervisor(settings).logs}; of dbt's artifacts those of the last command.")


def _days(number: float | None) -> str:
    return "for ever" if number is None else f"for {number:g} {'day' if number == 1 else 'days'}"


def _topic(settings: Settings, ends: Mapping[int, int]) -> list[Row]:
    return [(f"topic {settings.kafka_topic}", f"{sum(ends.values()):,} messages so far", "", "")]


def _landing(settings: Settings, sink: Sink, ends: Mapping[int, int] | None) -> Iterator[Row]:
    """`ends` are those of the topic, if they can be read."""
    holds = landed(settings, sink)
    stage, newest = f"landing in {sink}", holds.newest
    behind = "" if ends is None else f", {holds.behind(ends).lag:,} messages behind"
    if newest is None:
        yield stage, f"nothing yet{behind}", "", ""
    else:
        rows, event = f"rows up to {newest.landed_at:%Y-%m-%d %H:%M:%S}{behind}", newest.newest_event
        yield stage, rows, f"{event:%Y-%m-%d %H:%M:%S}", _since(event.replace(tzinfo=UTC))


def _quarantine(settings: Settings, sink: Sink) -> Iterator[Row]:
    """By reason; the age is that of the newest arrival."""
    if reasons := sorted(count_by_reason(settings, sinks=[sink]), key=attrgetter("messages"), reverse=True):
        what = ", ".join(f"{count.messages:,} {count.reason}" for count in reasons)
        total, newest = sum(count.messages for count in reasons), max(count.last_landed_at for count in reasons)
        yield f"quarantine in {sink}", f"{total:,} messages: {what}", "", _since(newest)


def _marts(settings: Settings) -> Iterator[Row]:
    rows = read_tuples(settings, MARTS)
    if not rows:
        yield "marts", "nothing yet: the first build has not ended", "", ""
    for currency, bars, coins, newest in rows:
        holds = f"{bars:,} bars of {coins} coins in {currency}"
        yield "marts.crypto_table", holds, f"{newest:%Y-%m-%d %H:%M:%S}", _since(newest.replace(tzinfo=UTC))


def _since(moment: datetime) -> str:
    return age(seconds_since(moment, utc_now()))
