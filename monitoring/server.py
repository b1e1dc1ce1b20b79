"""`coinloom monitor`: looks at the pipeline again and again, answers Prometheus, and tells of what has changed."""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import requests
from prometheus_client import CollectorRegistry, ProcessCollector, start_http_server

from coinloom.clock import utc_now
from coinloom.listening import cannot_listen
from coinloom.settings import Settings
from coinloom.stopping import sleep_until_stopped
from health.verdicts import State
from monitoring.look import Look, Looking
from monitoring.messages import FORMATS
from monitoring.metrics import AlertMetrics, PipelineMetrics, stages_of
from monitoring.told import Told, ToldNotKept
from monitoring.watch import Change, Watch
from monitoring.webhook import Delivery, Webhook

# A look that takes longer than this is as good as none: its numbers are old.
LOOKS_MISSED_AT_MOST = 4

log = logging.getLogger("monitor")


def monitor(settings: Settings, stop: threading.Event) -> None:
    """Until `stop` is set.

    Raises:
        CannotListen: naming the setting to change.
        WrongSetting: ALERT_WEBHOOK_URL is no address.
    """
    told = Told(settings)
    delivery = _delivery(settings, told, stop)
    watch = Watch(_states(told) if delivery else {}, settings.alert_after_seconds)
    looks = Looks(settings)
    registry = CollectorRegistry()
    registry.register(PipelineMetrics(looks.newest, stages_of(settings), utc_now))
    if delivery:
        registry.register(AlertMetrics(delivery))
        threading.Thread(target=delivery.run, daemon=True).start()
    with _listening(settings, registry):
        for look in looks.until(stop):
            for change in watch.changes(look.verdicts, look.at):
                _say(change)
                if delivery:
                    delivery.put(change)


class Looks:
    """A look every MONITOR_INTERVAL_SECONDS, the newest of which is kept."""

    def __init__(self, settings: Settings, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._looking = Looking(settings)
        self._interval = settings.monitor_interval_seconds
        self._monotonic = monotonic
        self._newest: tuple[float, Look] | None = None

    def newest(self) -> Look | None:
        """None if it is too old to be shown."""
        if self._newest is None:
            return None
        looked_at, look = self._newest
        is_new = self._monotonic() - looked_at < LOOKS_MISSED_AT_MOST * self._interval + look.seconds
        return look if is_new else None

    def until(self, stop: threading.Event) -> Iterator[Look]:
        while not stop.is_set():
            started = self._monotonic()
            try:
                look = self._looking.look()
                self._newest = self._monotonic(), look
                yield look
            except Exception:  # the next look may be a better one
                log.exception("unexpected")
            stop.wait(max(0, self._interval - (self._monotonic() - started)))


def _delivery(settings: Settings, told: Told, stop: threading.Event) -> Delivery | None:
    if settings.alert_webhook_url is None:
        log.info("nobody is told of changes but this log: ALERT_WEBHOOK_URL is not set")
        return None
    webhook = Webhook(settings.alert_webhook_url, FORMATS[settings.alert_webhook_format], requests.Session())
    return Delivery(webhook, lambda change: _note(told, change), sleep_until_stopped(stop))


def _say(change: Change) -> None:
    level = logging.INFO if change.state is State.HEALTHY else logging.WARNING
    log.log(level, "%s is %s, was %s: %s", change.stage, change.state.name, change.was.name, change.reason)


def _states(told: Told) -> dict[str, State]:
    """A disk that is full or cannot be written costs repeated messages, not the metrics."""
    try:
        return told.states()
    except ToldNotKept as error:
        log.error("what is not well is told once more, whether it was or not: %s", error)
        return {}


def _note(told: Told, change: Change) -> None:
    try:
        told.note(change.stage, change.state)
    except ToldNotKept as error:
        log.error("a restart will say again that %s is %s: %s", change.stage, change.state.name, error)


@contextmanager
def _listening(settings: Settings, registry: CollectorRegistry) -> Iterator[None]:
    host, port = settings.monitor_host, settings.monitor_port
    ProcessCollector(registry=registry)
    try:
        server, thread = start_http_server(port, host, registry)
    except OSError as error:
        raise cannot_listen("The monitor", "MONITOR", host, port, error) from None
    log.info("metrics are on http://%s:%d/metrics", host, port)
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
