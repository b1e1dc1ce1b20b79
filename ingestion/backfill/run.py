"""The history of coins from CoinGecko onto the topic; what Kafka has confirmed is kept.

A backfill can be stopped, or fail, at any moment: begun again, it asks for what is not done yet.
"""

import threading
from collections.abc import Callable
from contextlib import nullcontext
from datetime import datetime, timedelta
from functools import partial

import requests

from coinloom.clock import Clock, utc_now
from coinloom.errors import Stopped, WrongSetting
from coinloom.settings import CoinGeckoPlan, Settings
from coinloom.stopping import sleep_until_stopped
from ingestion.backfill.backfill import Backfill, BackfillSummary, Chunk
from ingestion.backfill.checkpoint import Checkpoint
from ingestion.coingecko.budget import Budget, Limits
from ingestion.coingecko.client import CoinGeckoClient
from ingestion.coingecko.markets import MarketsRequest
from ingestion.coingecko.spans import Series, Span, milliseconds
from ingestion.producer import open_producer
from ingestion.sender import DELIVERY_TIMEOUT_SECONDS, Producer, Sender

REACH = timedelta(days=365)  # of the keyless and the demo plan

Progress = Callable[[BackfillSummary, Chunk | None], None]
"""Called with what is done so far and the chunk that was the last, or None before the first."""


def run_backfill(
    settings: Settings,
    period: Span,
    *,
    stop: threading.Event,
    again: bool = False,
    session: requests.Session | None = None,
    producer: Producer | None = None,
    now: Clock = utc_now,
    sleep: Callable[[float], None] | None = None,
    progress: Progress = lambda _summary, _chunk: None,
) -> BackfillSummary:
    """Brings a period of the coins in COINGECKO_IDS onto the topic; returns when that is done, or `stop` is set.

    What costs only a coin or a chunk is in the summary. Raises WrongSetting, WrongKeyOrPlan, RequestRefused,
    CreditsSpent, CallsNotKept, CheckpointNotKept, a BrokerError, and the error of the third chunk in a row that failed.
    What was done before is kept.
    """
    checkpoint, sleep = Checkpoint.of(settings), sleep or sleep_until_stopped(stop)
    budget = Budget(settings.calls_file, settings.coingecko_plan, Limits.of(settings), now=now, sleep=sleep)
    client = CoinGeckoClient.of(settings, session or requests.Session(), budget.spend, sleep, now)
    chunks = plan_chunks(settings, period, checkpoint, now(), again=again)
    summary = BackfillSummary(chunks=len(chunks))
    progress(summary, None)
    if again:
        for chunk in chunks:
            checkpoint.forget(chunk.series, chunk.span)
    if not chunks:
        return summary
    opened = open_producer(settings, delivery_timeout_seconds=DELIVERY_TIMEOUT_SECONDS, sleep=sleep)
    try:
        with nullcontext(producer) if producer else opened as connected:
            sender = Sender(connected, settings.kafka_topic)
            on_chunk = partial(progress, summary)
            Backfill(client, sender, checkpoint, summary, stop=stop, now=now, on_chunk=on_chunk).run(chunks)
    except Stopped:
        summary.is_stopped = True
    return summary


def plan_chunks(
    settings: Settings, period: Span, checkpoint: Checkpoint, now: datetime, *, again: bool = False
) -> list[Chunk]:
    """What to ask for, coin by coin and the oldest first; with `again` also what was done. Raises WrongSetting."""
    chunks, now_ms = [], milliseconds(now)
    for series in _series(settings):
        for left in period.without([] if again else checkpoint.spans(series)):
            if left.is_worth_asking(now_ms):
                chunks += [Chunk(series, span) for span in left.pieces(now_ms)]
    _require_reach(settings, chunks, now)
    return chunks


def _series(settings: Settings) -> list[Series]:
    request = MarketsRequest.of(settings.coingecko_vs_currencies, settings.coingecko_ids, settings.coingecko_top_n)
    if not request.ids:
        raise WrongSetting("no coin is named: use --ids, or set COINGECKO_IDS, for example to bitcoin,ethereum")
    return [Series(coin_id, currency) for coin_id in request.ids for currency in request.vs_currencies]


def _require_reach(settings: Settings, chunks: list[Chunk], now: datetime) -> None:
    """Says before the first request what CoinGecko would say to it."""
    plan, is_elsewhere = settings.coingecko_plan, bool(settings.coingecko_base_url)
    if is_elsewhere or plan is CoinGeckoPlan.PRO or not chunks:
        return
    if min(chunk.span.start_ms for chunk in chunks) < milliseconds(now - REACH):
        what = f"COINGECKO_PLAN={plan} reaches {REACH.days} days back, to {now - REACH:%Y-%m-%dT%H:%MZ}"
        raise WrongSetting(f"{what}: ask for a later --from, or set COINGECKO_PLAN=pro with its key")
