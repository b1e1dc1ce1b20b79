"""`coinloom quarantine`: what the stream rejected and why, and sending it to the topic again."""

from collections.abc import Collection

from rich.console import Console
from rich.table import Table

from coinloom.settings import Settings, Sink
from ingestion.producer import open_producer
from ingestion.sender import DELIVERY_TIMEOUT_SECONDS, Sender
from quarantine.replay import ReplayLog, ReplaySummary, replay
from quarantine.sinks import count_by_reason, quarantine_of


def show_quarantine(settings: Settings, since_hour: str, console: Console) -> None:
    """Print how many messages each sink holds, by reason."""
    counts = count_by_reason(settings, since_hour)
    if not counts:
        console.print("Nothing is in quarantine.")
        return
    table = Table(
        "sink", "reason", "messages", "first landed (UTC)", "last landed (UTC)", "topic/partition/offset of one"
    )
    for count in counts:
        first, last = (f"{moment:%Y-%m-%d %H:%M:%S}" for moment in (count.first_landed_at, count.last_landed_at))
        table.add_row(count.sink, count.reason, f"{count.messages:,}", first, last, count.sample)
    console.print(table)


def replay_quarantine(settings: Settings, reasons: Collection[str], since_hour: str, console: Console) -> ReplaySummary:
    """Send what is in quarantine to the topic again, once, and print how much that was.

    Raises:
        BrokerError: Kafka did not take all of it.
        ReplaysNotKept: what was sent cannot be remembered.
        DatabaseUnavailable: naming the settings to check.
        QuarantineUnreadable: the files in the lake.
    """
    sink = settings.sinks[0]  # each sink holds all messages
    batches = quarantine_of(settings, sink).batches(reasons, since_hour)
    with open_producer(settings, delivery_timeout_seconds=DELIVERY_TIMEOUT_SECONDS) as producer:
        summary = replay(batches, Sender(producer, settings.kafka_topic), ReplayLog(settings.replays_file))
    _report(summary, sink, settings.kafka_topic, console)
    return summary


def _report(summary: ReplaySummary, sink: Sink, topic: str, console: Console) -> None:
    sent, before = f"{summary.sent:,} messages", f"{summary.sent_before:,} had been sent before"
    console.print(f"{sent} of the quarantine in {sink} are on the topic {topic} again; {before}.")
    if summary.left_out:
        why = "they have neither key nor value, or no room for one more header"
        console.print(f"{summary.left_out:,} cannot be sent again: {why}.", style="yellow")
    if summary.sent:
        console.print("The stream lands them; one that is still bad comes back to quarantine with its new offset.")
