"""What runs, how the last poll went, how far each stage is, and how old what it holds is."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from itertools import groupby
from operator import attrgetter

import psycopg
from rich.console import Console
from rich.table import Table

from coinloom.errors import CoinloomError
from coinloom.settings import Settings
from coinloom.wording import first_names
from commands.counts import topic_ends
from ingestion.coingecko.budget import Budget, Limits
from quarantine.sinks import count_by_reason
from stack.supervisor import Supervisor
from stores.database import connect
from stores.landing import landed_offsets, newest_hour

COLOURS = {"RUNNING": "green", "STOPPED": "yellow", "STARTING": "yellow"}
NAMED_AT_MOST = 10
LAST_POLL = """
    select polled_at, coins_answered, coins_asked, messages, error, coins_unknown, coins_retired, coins_unpriced,
        messages_waiting
    from ingestion.polls
    order by polled_at desc
    limit 1
"""
ABSENT_COINS = """
    select distinct on (coin_id, vs_currency) coin_id, vs_currency, state
    from ingestion.coin_states
    order by coin_id, vs_currency, since desc
"""
MARTS = """
    select vs_currency, count(*), count(distinct coin_id), max(bar_minute)
    from marts.crypto_table
    group by vs_currency
    order by vs_currency
"""


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
    console.print(f"Logs: {supervisor.logs}", soft_wrap=True)
    for show in (_show_credits, _show_polls, _show_stages, _show_retention):
        _show(show, settings, console)


def _show(show: Callable[[Settings, Console], None], settings: Settings, console: Console) -> None:
    """What cannot be reached is said in its place, and the rest is shown all the same."""
    try:
        show(settings, console)
    except CoinloomError as error:
        console.print(str(error), style="yellow", markup=False)


def _show_credits(settings: Settings, console: Console) -> None:
    limits = Limits.of(settings)
    left = Budget(settings.calls_file, settings.coingecko_plan, limits).credits_left()
    if left is not None:
        console.print(f"CoinGecko: {left:,} of {limits.credits_per_month:,} credits are left this month.")


def _show_polls(settings: Settings, console: Console) -> None:
    polls = _rows(settings, LAST_POLL)
    if not polls:
        console.print("Nothing has been polled yet.")
        return
    at, answered, asked, messages, error, unknown, retired, unpriced, waiting = polls[0]
    what = f"failed: {error}" if error else f"{answered} of {asked} coins, {messages} messages"
    console.print(f"Last poll: {age(at)} ago, {what}.", markup=False)
    if unknown or retired or unpriced:
        absent = [f"{coin} ({state})" for coin, _, state in _rows(settings, ABSENT_COINS) if state != "answered"]
        counts = f"{unknown} coins are unknown, {retired} retired, {unpriced} without a price"
        console.print(
            f"{counts}: {first_names(absent, NAMED_AT_MOST)}; see ingestion.coin_states.", style="yellow", markup=False
        )
    if waiting:
        console.print(f"{waiting:,} messages wait on disk for Kafka.", style="yellow")


def _show_stages(settings: Settings, console: Console) -> None:
    stages = Table("stage", "holds", "newest event (UTC)", "age", title="How far the prices have come")
    for row in [*_landing(settings), *_quarantine(settings), *_marts(settings)]:
        stages.add_row(*row)
    console.print(stages)


def _show_retention(settings: Settings, console: Console) -> None:
    kept = {
        "messages on the topic": settings.kafka_retention_days,
        "quarantine": settings.quarantine_retention_days,
        "reports of polls": settings.polls_retention_days,
        "landing": None,
    }
    console.print("Kept: " + ", ".join(f"{what} {_days(days)}" for what, days in kept.items()) + ".")


def _days(number: float | None) -> str:
    return "for ever" if number is None else f"for {number:g} days"


def _landing(settings: Settings) -> Iterator[tuple[str, str, str, str]]:
    ends = topic_ends(settings)
    yield f"topic {settings.kafka_topic}", f"{sum(ends.values()):,} messages so far", "", ""
    for sink in settings.sinks:
        landed, stage = landed_offsets(settings, sink), f"landing in {sink}"
        lag = sum(end - landed.get(partition, 0) for partition, end in ends.items())
        if (hour := newest_hour(settings, sink)) is None:
            yield stage, f"nothing yet, {lag:,} messages behind", "", ""
            continue
        rows = f"{hour.rows:,} rows since {hour.landed_hour}:00, {lag:,} messages behind"
        yield stage, rows, f"{hour.newest_event:%Y-%m-%d %H:%M:%S}", age(hour.newest_event.replace(tzinfo=UTC))


def _quarantine(settings: Settings) -> Iterator[tuple[str, str, str, str]]:
    """By reason; the age is that of the newest arrival."""
    for sink, counts in groupby(count_by_reason(settings), key=attrgetter("sink")):
        reasons = sorted(counts, key=attrgetter("messages"), reverse=True)
        what = ", ".join(f"{count.messages:,} {count.reason}" for count in reasons)
        total, newest = sum(count.messages for count in reasons), max(count.last_landed_at for count in reasons)
        yield f"quarantine in {sink}", f"{total:,} messages: {what}", "", age(newest)


def _marts(settings: Settings) -> Iterator[tuple[str, str, str, str]]:
    rows = _rows(settings, MARTS)
    if not rows:
        yield "marts", "nothing yet: the first build has not ended", "", ""
    for currency, bars, coins, newest in rows:
        holds = f"{bars:,} bars of {coins} coins in {currency}"
        yield "marts.crypto_table", holds, f"{newest:%Y-%m-%d %H:%M:%S}", age(newest.replace(tzinfo=UTC))


def age(moment: datetime) -> str:
    """How long ago that was."""
    seconds = round((datetime.now(UTC) - moment).total_seconds())
    minutes, hours = seconds // 60, seconds // 3600
    if minutes < 2:  # noqa: PLR2004
        return f"{seconds} s"
    return f"{minutes} min" if hours < 2 else f"{hours} h"  # noqa: PLR2004


def _rows(settings: Settings, query: str) -> list[tuple]:  # type: ignore[type-arg]
    """Empty while the table is not there yet."""
    with connect(settings, connect_timeout_seconds=2) as connection:
        try:
            return connection.execute(query).fetchall()
        except psycopg.errors.UndefinedTable:
            return []
