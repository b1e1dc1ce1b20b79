"""The poller: every interval, one poll of CoinGecko becomes one burst of messages, confirmed by Kafka."""

import logging
import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext

import requests

from coinloom.settings import Settings
from ingestion.budget import Budget, Limits
from ingestion.cadence import ticks
from ingestion.clock import Clock, utc_now
from ingestion.coingecko import CoinGeckoClient
from ingestion.exceptions import Stopped
from ingestion.markets import MarketsRequest
from ingestion.outbox import Outbox, Producer
from ingestion.pace import Pace
from ingestion.poll import MAX_WAITING_MESSAGES, Poller, PollerSummary
from ingestion.producer import open_producer
from ingestion.stopping import sleep_until_stopped

SECONDS_IN_30_DAYS = 30 * 24 * 3600
LAST_FLUSH_SECONDS = 10.0
DELIVERY_TIMEOUT_SECONDS = 24 * 3600  # a broker that comes back within a day finds every poll since it left

log = logging.getLogger(__name__)


def run_poller(
    settings: Settings,
    *,
    stop: threading.Event,
    max_polls: int | None = None,
    session: requests.Session | None = None,
    producer: Producer | None = None,
    now: Clock = utc_now,
    monotonic: Callable[[], float] = time.monotonic,
) -> PollerSummary:
    """Polls until `stop` is set or `max_polls` are done; when it returns, everything sent is acknowledged.

    One poll that fails is logged and costs only itself. Raises WrongSetting and WrongKeyOrPlan, which no further poll
    would cure, BrokerUnavailable or BrokerRefused at the start, NotAcknowledged or DeliveryFailed at the end.
    """
    request = MarketsRequest.of(settings.coingecko_vs_currencies, settings.coingecko_ids, settings.coingecko_top_n)
    sleep = sleep_until_stopped(stop)
    budget = Budget(settings.calls_file, settings.coingecko_plan, Limits.of(settings), now=now, sleep=sleep)
    client = CoinGeckoClient.of(settings, session or requests.Session(), budget.spend, sleep, now)
    pace = Pace(budget, calls=len(request.pages()) * len(request.vs_currencies), wanted=settings.poll_interval_seconds)
    _log_start(settings, request)
    try:
        with _producer(settings, producer, stop) as connected:
            outbox = Outbox(connected, settings.kafka_topic, max_unacknowledged=2 * MAX_WAITING_MESSAGES)
            poller = Poller(client, request, outbox, monotonic)
            try:
                _poll_until_stopped(poller, pace, max_polls, stop, monotonic)
            finally:
                outbox.flush(LAST_FLUSH_SECONDS)
    except Stopped:
        log.info("stopped before a Kafka broker was there")
        return PollerSummary()
    log.info("stopped after %d polls; Kafka has everything", poller.summary.polls)
    return poller.summary


def _poll_until_stopped(
    poller: Poller,
    pace: Pace,
    max_polls: int | None,
    stop: threading.Event,
    monotonic: Callable[[], float],
) -> None:
    for _ in ticks(pace.wanted, monotonic, stop.wait):
        if not pace.is_due(monotonic()):
            continue
        poller.poll()
        if stop.is_set() or poller.summary.polls == max_polls:
            return


def _producer(settings: Settings, producer: Producer | None, stop: threading.Event) -> AbstractContextManager[Producer]:
    if producer is not None:
        return nullcontext(producer)
    sleep = sleep_until_stopped(stop)
    return open_producer(settings, delivery_timeout_seconds=DELIVERY_TIMEOUT_SECONDS, sleep=sleep)


def _log_start(settings: Settings, request: MarketsRequest) -> None:
    """Says what this costs: monthly credits run out long before the limit per minute is felt."""
    calls = len(request.pages()) * len(request.vs_currencies)
    per_month = calls * SECONDS_IN_30_DAYS / settings.poll_interval_seconds
    cost = f"{calls} calls a poll, about {per_month:,.0f} in 30 days"
    coins = f"{len(request.ids)} coins" if request.ids else f"top {request.top_n} coins"
    interval = settings.poll_interval_seconds
    log.info("%s in %s every %g s: %s", coins, ",".join(request.vs_currencies), interval, cost)
