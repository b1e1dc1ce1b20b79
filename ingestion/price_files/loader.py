"""Loads a CSV of historical prices, plain or gzipped, onto the topic, in constant memory.

Columns go by the header. `coin_id`, `last_updated_at` and `price` must be there; `symbol`, `name`, `vs_currency`
(default usd), `market_cap`, `market_cap_rank`, `volume_24h`, `high_24h`, `low_24h` and `price_change_24h_pct` may be;
others are named in a warning and left out. Times are ISO 8601, and UTC where they name no zone. Loading a file twice
does no harm: the rows have the same keys.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from uuid import UUID

from ingestion.messages import Source, encode, message_headers
from ingestion.price_files.reader import WHOLE, RejectedLine, Share, open_price_file
from ingestion.sender import LAST_FLUSH_SECONDS, Sender

LINES_PER_PROGRESS = 2_000
SHOWN_REJECTIONS = 20

Progress = Callable[[int, int, int], None]
"""Called with the rows sent so far, the bytes of the file read so far, and all bytes of the file."""


@dataclass(frozen=True, slots=True)
class Load:
    """What all rows of one load have in common."""

    poll_id: UUID
    fetched_at: datetime


@dataclass(frozen=True, slots=True)
class LoadSummary:
    """What a load did. `rejected_lines` counts them all, `first_rejections` names the first 20."""

    rows_sent: int
    rejected_lines: int
    first_rejections: tuple[RejectedLine, ...]
    seconds: float


def load_price_file(
    path: Path,
    sender: Sender,
    *,
    load: Load,
    share: Share = WHOLE,
    monotonic: Callable[[], float] = time.monotonic,
    progress: Progress | None = None,
) -> LoadSummary:
    """Sends every good line of the share through `sender`; when it returns, Kafka has confirmed every row.

    Raises PriceFileError for the file, a BrokerError for Kafka. After either, load the file again: nothing doubles.
    """
    started = monotonic()
    headers = message_headers(load.poll_id, Source.BACKFILL)
    sent = rejected = 0
    first_rejections: list[RejectedLine] = []
    with open_price_file(path) as file:
        for row in file.rows(load.fetched_at, share):
            if isinstance(row, RejectedLine):
                rejected += 1
                if rejected <= SHOWN_REJECTIONS:
                    first_rejections.append(row)
            else:
                sender.send(encode(row, headers))
                sent += 1
            if progress and (sent + rejected) % LINES_PER_PROGRESS == 0:
                progress(sent, file.bytes_read, file.bytes_total)
        sender.flush(LAST_FLUSH_SECONDS)
        if progress:
            progress(sent, file.bytes_total, file.bytes_total)
    return LoadSummary(sent, rejected, tuple(first_rejections), monotonic() - started)
