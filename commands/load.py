"""`coinloom load`: a file of historical prices onto the topic, with a progress bar and a report of bad lines."""

from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

from coinloom.settings import Settings
from coinloom.wording import were_left_out
from commands.closed_hours import say_what_is_closed
from ingestion.price_files.loader import LoadSummary
from ingestion.price_files.run import run_load


def load_file(path: Path, settings: Settings, console: Console, processes: int | None = None) -> LoadSummary:
    """Load the file and print how many rows went in and which lines did not.

    Raises:
        IngestionError: the file cannot be read as prices, or Kafka cannot be used.
    """
    say_what_is_closed(settings, console)
    columns = TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn()
    with Progress(*columns, console=console) as bar:
        task = bar.add_task(path.name, total=None)
        summary = run_load(
            settings,
            path,
            processes=processes,
            progress=lambda rows, done, total: bar.update(
                task, completed=done, total=total, description=f"{path.name}: {rows:,} rows"
            ),
        )
    _report(summary, settings, console)
    return summary


def _report(summary: LoadSummary, settings: Settings, console: Console) -> None:
    rate = summary.rows_sent / summary.seconds if summary.seconds else 0
    sent, topic = f"{summary.rows_sent:,} rows", settings.kafka_topic
    console.print(f"{sent} on the topic {topic} in {summary.seconds:.1f} s ({rate:,.0f} rows/s).")
    for line in summary.first_rejections:
        console.print(f"line {line.line}: {line.reason}", style="yellow", markup=False, highlight=False)
    if summary.rejected_lines:
        left_out = were_left_out("lines", summary.rejected_lines, len(summary.first_rejections))
        console.print(left_out, style="yellow")
