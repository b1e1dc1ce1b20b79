"""Loads a price file with several processes: each reads all of it and sends the coins that are its share.

One process of kafka-python cannot use more than one core, and sending costs more than reading.
"""

import gc
import logging
import os
import signal
import threading
import time
from collections.abc import Callable, MutableSequence
from concurrent.futures import Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context, parent_process
from pathlib import Path
from uuid import uuid4

from coinloom.clock import utc_now
from coinloom.logs import configure_logging
from coinloom.settings import Settings
from ingestion.exceptions import DeliveryFailed
from ingestion.price_files.loader import SHOWN_REJECTIONS, Load, LoadSummary, Progress, load_price_file
from ingestion.price_files.reader import Share, open_price_file
from ingestion.producer import ensure_topic, open_producer
from ingestion.sender import DELIVERY_TIMEOUT_SECONDS, Sender

SECONDS_PER_PROGRESS = 0.2
BYTES_PER_PROCESS = 500_000  # below that, starting a process takes longer than what it saves
MOST_PROCESSES = 8
OBJECTS_PER_COLLECTION = 100_000  # messages under way are no garbage: looking for some less often saves an eighth

Counts = MutableSequence[int]
"""By number of the share, in memory that all processes see: to write there waits for nobody."""


def run_load(
    settings: Settings, path: Path, *, processes: int | None = None, progress: Progress | None = None
) -> LoadSummary:
    """Loads one file onto the topic of `settings`; when it returns, Kafka has confirmed every row.

    Raises PriceFileError for the file, a BrokerError for Kafka. After either, load the file again: nothing doubles.
    """
    started = time.monotonic()
    with open_price_file(path) as file:
        size = file.bytes_total
    ensure_topic(settings)
    count = processes or max(1, min(size // BYTES_PER_PROCESS, os.cpu_count() or 1, MOST_PROCESSES))
    context = get_context("spawn")
    rows, read = context.RawArray("q", count), context.RawArray("q", count)
    load = Load(uuid4(), utc_now())
    with ProcessPoolExecutor(count, context, initializer=_start, initargs=(rows, read)) as pool:
        shares = [pool.submit(_load_share, settings, path, load, Share(number, count)) for number in range(count)]
        _follow(shares, lambda: progress and progress(sum(rows), min(read), size))
        try:
            summaries = [share.result() for share in shares]
        except BrokenProcessPool:
            raise DeliveryFailed("a process of the load was killed; load the file again: nothing doubles") from None
    return _together(summaries, time.monotonic() - started)


def _follow(shares: list["Future[LoadSummary]"], show_progress: Callable[[], object]) -> None:
    """Returns when all shares are done or one has failed; the slowest reader says how far the file is."""
    running = set(shares)
    while running:
        done, running = wait(running, SECONDS_PER_PROGRESS)
        show_progress()
        if any(share.exception() for share in done):
            return


def _together(summaries: list[LoadSummary], seconds: float) -> LoadSummary:
    rejections = sorted((line for summary in summaries for line in summary.first_rejections), key=lambda bad: bad.line)
    return LoadSummary(
        rows_sent=sum(summary.rows_sent for summary in summaries),
        rejected_lines=sum(summary.rejected_lines for summary in summaries),
        first_rejections=tuple(rejections[:SHOWN_REJECTIONS]),
        seconds=seconds,
    )


_rows_sent: Counts
_bytes_read: Counts


def _start(rows_sent: Counts, bytes_read: Counts) -> None:
    """In each process, once. Ctrl-C reaches the parent, too, which then ends this one."""
    global _rows_sent, _bytes_read
    _rows_sent, _bytes_read = rows_sent, bytes_read
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    gc.set_threshold(OBJECTS_PER_COLLECTION)


def _end_with_parent() -> None:
    """A pool's process waits for work for ever, also when the one that was killed has none to give."""
    if parent := parent_process():
        parent.join()
        os._exit(1)


def _note_progress(number: int, rows: int, read: int) -> None:
    _rows_sent[number], _bytes_read[number] = rows, read


def _load_share(settings: Settings, path: Path, load: Load, share: Share) -> LoadSummary:
    configure_logging(logging.WARNING if share.number == 0 else logging.CRITICAL)
    with open_producer(settings, delivery_timeout_seconds=DELIVERY_TIMEOUT_SECONDS) as producer:
        return load_price_file(
            path,
            Sender(producer, settings.kafka_topic),
            load=load,
            share=share,
            progress=lambda rows, read, _: _note_progress(share.number, rows, read),
        )
