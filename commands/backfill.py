"""`coinloom backfill`: CoinGecko's history of coins onto the topic, with a progress bar and a report of what is not."""

import threading
from datetime import datetime, timedelta

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from coinloom.clock import read_instant
from coinloom.errors import CoinloomError, WrongSetting
from coinloom.settings import Settings
from coinloom.wording import were_left_out
from commands.closed_hours import say_what_is_closed
from ingestion.backfill.backfill import BackfillSummary, Chunk
from ingestion.backfill.run import run_backfill
from ingestion.coingecko.spans import Span, milliseconds
from ingestion.sender import Producer

DAY = timedelta(days=1)
SHOWN_EMPTY_SPANS = 20
AGAIN = "The same command goes on from there."


def read_period(since: str, until: str | None, now: datetime) -> Span:
    """The period of the options --from and --to, which ends now at the latest. Raises WrongSetting."""
    start, _ = _read("--from", since)
    end = min(_read("--to", until)[1], now) if until else now
    if start >= end:
        raise WrongSetting(f"the period ends before it begins: --from {since} is not before --to {until or 'now'}")
    return Span(milliseconds(start), milliseconds(end))


def backfill_period(
    settings: Settings,
    period: Span,
    console: Console,
    *,
    stop: threading.Event,
    again: bool = False,
    producer: Producer | None = None,
) -> BackfillSummary:
    """Run the backfill and print what went in and what did not.

    Raises:
        CoinloomError: what run_backfill raises, after what went in until then was printed.
    """
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()
    latest = BackfillSummary()
    say_what_is_closed(settings, console)
    try:
        with Progress(*columns, console=console) as bar:

            def show(summary: BackfillSummary, chunk: Chunk | None) -> None:
                nonlocal latest
                latest = summary
                what = f"{chunk.series if chunk else 'calls to CoinGecko'}: {summary.rows_sent:,} rows"
                if not bar.task_ids:
                    bar.add_task("", total=summary.chunks, visible=summary.chunks > 0)
                bar.update(bar.task_ids[0], advance=1 if chunk else 0, description=what)

            run_backfill(settings, period, stop=stop, again=again, producer=producer, progress=show)
    except CoinloomError:
        if latest.chunks:
            latest.is_stopped = True
            _report(latest, settings, console)
        raise
    _report(latest, settings, console)
    return latest


def _report(summary: BackfillSummary, settings: Settings, console: Console) -> None:
    if not summary.chunks:
        console.print("Nothing to ask for: all of it is on the topic already (--again asks all the same).")
        return
    parts = f"{summary.chunks_done:,} of {summary.chunks:,} parts"
    console.print(f"{summary.rows_sent:,} rows sent to the topic {settings.kafka_topic}, {parts}.")
    bad = [f"{bad.series}: {bad.reason}" for bad in summary.first_bad_samples]
    for line in [*bad, *_left_out(summary)]:
        console.print(line, style="yellow", markup=False, highlight=False)


def _left_out(summary: BackfillSummary) -> list[str]:
    lines = [f"CoinGecko has no price for {span}." for span in summary.empty_spans[:SHOWN_EMPTY_SPANS]]
    if hidden := len(summary.empty_spans) - len(lines):
        lines.append(f"And none for {hidden:,} other spans.")
    if summary.bad_samples:
        lines.append(were_left_out("samples", summary.bad_samples, len(summary.first_bad_samples)))
    if summary.unknown_coins:
        names = ", ".join(summary.unknown_coins)
        lines.append(f"CoinGecko does not know {names}: check the ids (avalanche, for one, is avalanche-2).")
    if summary.failed_chunks:
        lines.append(f"{summary.failed_chunks:,} parts failed. {AGAIN}")
    if summary.is_stopped:
        lines.append(f"Stopped before the end. {AGAIN}")
    return lines


def _read(option: str, text: str) -> tuple[datetime, datetime]:
    """The first moment that an option names, and the first one after it."""
    try:
        moment = read_instant(text)
        is_day = len(text) == len("2026-01-31")
        return moment, moment + DAY if is_day else moment
    except (ValueError, OverflowError):
        raise WrongSetting(
            f"{option} is not a date or a time: {text[:40]!r}; write 2026-01-31 or 2026-01-31T12:00"
        ) from None
