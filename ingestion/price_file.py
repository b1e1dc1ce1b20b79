"""Loads a CSV of historical prices, plain or gzipped, onto the topic at full speed and in constant memory.

Columns go by the header. `coin_id`, `last_updated_at` and `price` must be there; `symbol`, `name`, `vs_currency`
(default usd), `market_cap`, `market_cap_rank`, `volume_24h`, `high_24h` and `low_24h` may be; others are named in a
warning and left out. Times are ISO 8601, and UTC where they name no zone. Loading a file twice does no harm: the rows
have the same keys.
"""

import time
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from coinloom.settings import Settings
from ingestion.clock import Clock, utc_now
from ingestion.messages import Source, encode, message_headers
from ingestion.outbox import Outbox, Producer
from ingestion.price_reader import RejectedLine, open_price_file
from ingestion.producer import open_producer

LINES_PER_PROGRESS = 2_000
SHOWN_REJECTIONS = 20
DELIVERY_TIMEOUT_SECONDS = 120
LAST_FLUSH_SECONDS = 150.0  # longer than the delivery timeout: by then each message is delivered or has failed

Progress = Callable[[int, int, int], None]
"""Called with the rows sent so far, the bytes of the file read so far, and all bytes of the file."""


@dataclass(frozen=True, slots=True)
class LoadSummary:
    """What a load did. `rejected_lines` counts them all, `first_rejections` names the first 20."""

    rows_sent: int
    rejected_lines: int
    first_rejections: tuple[RejectedLine, ...]
    seconds: float


def run_load(
    settings: Settings, path: Path, *, producer: Producer | None = None, progress: Progress | None = None
) -> LoadSummary:
    """Loads one file onto the topic of `settings`; when it returns, Kafka has confirmed every row.

    Raises PriceFileError for the file, a BrokerError for Kafka. After either, load the file again: nothing doubles.
    """
    opened = open_producer(settings, delivery_timeout_seconds=DELIVERY_TIMEOUT_SECONDS)
    with nullcontext(producer) if producer else opened as connected:
        return load_price_file(path, Outbox(connected, settings.kafka_topic), progress=progress)


def load_price_file(
    path: Path,
    outbox: Outbox,
    *,
    now: Clock = utc_now,
    monotonic: Callable[[], float] = time.monotonic,
    progress: Progress | None = None,
) -> LoadSummary:
    """Sends every good line through `outbox`, with one poll id and one `fetched_at` for the whole load."""
    started = monotonic()
    headers = message_headers(uuid4(), Source.BACKFILL)
    sent = rejected = 0
    first_rejections: list[RejectedLine] = []
    with open_price_file(path) as file:
        for row in file.rows(fetched_at=now()):
            if isinstance(row, RejectedLine):
                rejected += 1
                if rejected <= SHOWN_REJECTIONS:
                    first_rejections.append(row)
            else:
                outbox.send(encode(row, headers))
                sent += 1
            if progress and (sent + rejected) % LINES_PER_PROGRESS == 0:
                progress(sent, file.bytes_read, file.bytes_total)
        outbox.flush(LAST_FLUSH_SECONDS)
        if progress:
            progress(sent, file.bytes_total, file.bytes_total)
    return LoadSummary(sent, rejected, tuple(first_rejections), monotonic() - started)
