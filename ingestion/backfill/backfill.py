"""One chunk of a backfill after the other: ask CoinGecko, send its samples, have Kafka confirm them, keep that."""

import logging
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import uuid4

from coinloom.clock import Clock
from coinloom.errors import Stopped
from ingestion.backfill.checkpoint import Checkpoint
from ingestion.coingecko.charts import BadSample, ask_chart, came_in_time, read_samples, update_of
from ingestion.coingecko.client import CoinGeckoClient
from ingestion.coingecko.spans import Series, Span, milliseconds
from ingestion.exceptions import BadAnswer, ServerTrouble, TemporaryTrouble, UnknownCoin
from ingestion.messages import Source, encode, message_headers
from ingestion.sender import LAST_FLUSH_SECONDS, Sender

MOST_FAILURES_IN_A_ROW = 3
TRIES_IN_TIME = 2
SHOWN_BAD_SAMPLES = 20

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Chunk:
    """What one request brings."""

    series: Series
    span: Span


@dataclass(slots=True)
class BackfillSummary:
    """What a backfill did so far. `bad_samples` counts them all, `first_bad_samples` has the first 20.

    `empty_spans` are those that CoinGecko has no price for, perhaps for now: they do not count as done.
    """

    chunks: int = 0
    chunks_done: int = 0
    rows_sent: int = 0
    bad_samples: int = 0
    first_bad_samples: list[BadSample] = field(default_factory=list)
    empty_spans: list[str] = field(default_factory=list)
    unknown_coins: list[str] = field(default_factory=list)
    failed_chunks: int = 0
    is_stopped: bool = False

    @property
    def is_complete(self) -> bool:
        """Whether everything that was asked for is on the topic, as far as CoinGecko has it."""
        return not (self.is_stopped or self.unknown_coins or self.failed_chunks)


class Backfill:
    """Does chunk after chunk and counts in `summary`; `on_chunk` is called after each."""

    def __init__(
        self,
        client: CoinGeckoClient,
        sender: Sender,
        checkpoint: Checkpoint,
        summary: BackfillSummary,
        *,
        stop: threading.Event,
        now: Clock,
        on_chunk: Callable[[Chunk], None],
    ) -> None:
        self._client = client
        self._sender = sender
        self._checkpoint = checkpoint
        self._summary = summary
        self._stop = stop
        self._now = now
        self._on_chunk = on_chunk
        self._failures_in_a_row = 0

    def run(self, chunks: Iterable[Chunk]) -> None:
        """What costs only a coin or a chunk is logged. Raises Stopped, and what would cost the others, too."""
        for chunk in chunks:
            if self._stop.is_set():
                raise Stopped("asked to stop between two requests")
            if chunk.series.coin_id not in self._summary.unknown_coins:
                self._try(chunk)
            self._on_chunk(chunk)

    def _try(self, chunk: Chunk) -> None:
        try:
            self._bring(chunk.series, chunk.span)
        except UnknownCoin as error:
            self._summary.unknown_coins.append(chunk.series.coin_id)
            log.info("left out %s: %s", chunk.series.coin_id, error)
        except (BadAnswer, TemporaryTrouble) as error:
            self._summary.failed_chunks += 1
            self._failures_in_a_row += 1
            log.error("%s, %s failed: %s", chunk.series, chunk.span, error)
            if self._failures_in_a_row == MOST_FAILURES_IN_A_ROW:
                raise
        else:
            self._summary.chunks_done += 1
            self._failures_in_a_row = 0

    def _bring(self, series: Series, span: Span, tries: int = TRIES_IN_TIME) -> None:
        """The span is cut once more, because the last day has moved on while the chunks before were asked for.

        It comes first: by the time that the part before it has come, it would have moved on again.
        """
        now_ms = milliseconds(self._now())
        for piece in reversed(span.pieces(now_ms)):
            chart = ask_chart(self._client, series, piece, now_ms)
            fetched_at = self._now()
            if came_in_time(piece, now_ms, milliseconds(fetched_at)):
                self._send(series, piece, chart, fetched_at)
            elif tries > 1:
                log.info("%s, %s: the answer came late, and may have fewer samples; asking again", series, piece)
                self._bring(series, piece, tries - 1)
            else:
                raise ServerTrouble("CoinGecko let us wait too long for the last day, twice; begin again later")

    def _send(self, series: Series, span: Span, chart: dict[str, Any], fetched_at: datetime) -> None:
        headers = message_headers(uuid4(), Source.BACKFILL)
        times = []
        for sample in read_samples(chart, series, span):
            if isinstance(sample, BadSample):
                self._note(sample)
            else:
                self._sender.send(encode(update_of(sample, series, fetched_at), headers))
                times.append(sample.time_ms)
        self._sender.flush(LAST_FLUSH_SECONDS)
        self._summary.rows_sent += len(times)
        self._keep(series, span, times, milliseconds(fetched_at))

    def _keep(self, series: Series, span: Span, times: list[int], fetched_ms: int) -> None:
        if times:
            self._checkpoint.add(series, span.settled(max(times), fetched_ms))
        elif span.is_settled(fetched_ms) and span.may_be_empty:
            self._checkpoint.add(series, span)
        elif span.is_settled(fetched_ms):
            self._summary.empty_spans.append(f"{series}, {span}")

    def _note(self, bad: BadSample) -> None:
        self._summary.bad_samples += 1
        if len(self._summary.first_bad_samples) < SHOWN_BAD_SAMPLES:
            self._summary.first_bad_samples.append(bad)
