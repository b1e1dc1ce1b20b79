"""The poller: every interval, one poll of CoinGecko becomes one burst of messages, confirmed by Kafka."""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext

import requests

from coinloom.clock import Clock, utc_now
from coinloom.errors import Stopped
from coinloom.settings import Settings
from coinloom.stopping import sleep_until_stopped
from ingestion.coingecko.budget import Budget, Limits
from ingestion.coingecko.client import CoinGeckoClient
from ingestion.coingecko.markets import MarketsRequest
from ingestion.exceptions import NotAcknowledged, WrongKeyOrPlan
from ingestion.polling.outbox import Outbox, open_outbox
from ingestion.polling.poller import Poller, PollerSummary
from ingestion.polling.recovery import forget_delivered
from ingestion.polling.relay import Relay
from ingestion.polling.reports import PollReports
from ingestion.polling.schedule import Pace, ticks
from ingestion.producer import open_producer
from ingestion.sender import Producer
from ingestion.topic import Topic, open_topic

SECONDS_IN_30_DAYS = 30 * 24 * 3600
RECOVERY_PATIENCE_SECONDS = 15  # a broker was just there; who stops us waits for twice as long
LAST_DELIVERY_SECONDS = 10.0
DELIVERY_TIMEOUT_SECONDS = 20 * 24 * 3600  # about the longest that Kafka's clients allow: only the outbox gives up less

log = logging.getLogger(__name__)


def run_poller(
    settings: Settings,
    *,
    stop: threading.Event,
    max_polls: int | None = None,
    session: requests.Session | None = None,
    producer: Producer | None = None,
    topic: Topic | None = None,
    now: Clock = utc_now,
    monotonic: Callable[[], float] = time.monotonic,
) -> PollerSummary:
    """Polls until `stop` is set or `max_polls` are done.

    What Kafka has not confirmed by then waits on disk for the next start; what waits there now is sent first.

    Between two polls, too, what waits is sent, and reports come to PostgreSQL, at each tick of POLL_INTERVAL_SECONDS.
    One poll that fails is logged and costs only itself. Raises WrongSetting and WrongKeyOrPlan, which no further poll
    would cure, OutboxUnusable, and BrokerUnavailable, BrokerRefused or DeliveryFailed for Kafka.
    """
    request = MarketsRequest.of(settings.coingecko_vs_currencies, settings.coingecko_ids, settings.coingecko_top_n)
    sleep = sleep_until_stopped(stop)
    budget = Budget(settings.calls_file, settings.coingecko_plan, Limits.of(settings), now=now, sleep=sleep)
    client = CoinGeckoClient.of(settings, session or requests.Session(), budget.spend, sleep, now)
    pace = Pace(budget, calls=len(request.pages()) * len(request.vs_currencies), wanted=settings.poll_interval_seconds)
    _log_start(settings, request)
    try:
        with open_outbox(settings.outbox_file) as outbox, _producer(settings, producer, stop) as connected:
            _recover(settings, outbox, topic)
            relay, reports = Relay(outbox, connected, settings.kafka_topic, monotonic=monotonic), PollReports(outbox)
            poller = Poller(client, request, outbox, relay, reports, now=now, monotonic=monotonic)
            try:
                for is_due in _ticks(pace, max_polls, stop, monotonic):
                    try:
                        if is_due:
                            poller.poll()
                        else:
                            poller.deliver_what_waits()
                    except WrongKeyOrPlan:
                        reports.upload(settings)
                        raise
                    reports.upload(settings)
            finally:
                _deliver_the_rest(relay)
            poller.summary.waiting = len(outbox)
    except Stopped:
        log.info("stopped before a Kafka broker was there")
        return PollerSummary()
    log.info("stopped after %d polls", poller.summary.polls)
    return poller.summary


def _ticks(pace: Pace, max_polls: int | None, stop: threading.Event, monotonic: Callable[[], float]) -> Iterator[bool]:
    """Yields of each tick whether a poll is due; ends with the last poll."""
    polls = 0
    for _ in ticks(pace.wanted, monotonic, stop.wait):
        is_due = pace.is_due(monotonic())
        yield is_due
        polls += is_due
        if stop.is_set() or polls == max_polls:
            return


def _recover(settings: Settings, outbox: Outbox, topic: Topic | None) -> None:
    waiting = len(outbox)
    with nullcontext(topic) if topic else open_topic(settings, RECOVERY_PATIENCE_SECONDS) as opened:
        delivered = forget_delivered(outbox, opened)
    if waiting:
        what = (
            "%d messages of an earlier run were not confirmed; %d of them are on the topic, the others are sent again"
        )
        log.warning(what, waiting, delivered)


def _deliver_the_rest(relay: Relay) -> None:
    try:
        relay.deliver(LAST_DELIVERY_SECONDS)
    except NotAcknowledged as error:
        log.warning("%s The next start sends them.", error)
    else:
        log.info("Kafka has confirmed everything")


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
