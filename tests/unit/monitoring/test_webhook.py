"""Messages to a real receiver: in order, however long it is away, and never with its address in a log."""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest
import requests
from pydantic import SecretStr

from coinloom.errors import Stopped, WrongSetting
from coinloom.settings import WebhookFormat
from health.verdicts import State
from monitoring.messages import FORMATS, as_json, as_slack
from monitoring.watch import Change
from monitoring.webhook import Delivery, NotTaken, Webhook
from stack.ports import free_port
from tests.unit.monitoring.receiver import SECRET, running_receiver, url_at

NOON = datetime(2026, 11, 29, 12, tzinfo=UTC)
BROKEN = Change(
    "polls", State.HEALTHY, State.BROKEN, "The last 3 polls failed: <!channel> & more.", NOON, NOON + timedelta(0, 75)
)
OVER = Change("polls", State.BROKEN, State.HEALTHY, "It is well.", NOON, NOON)
DISK = Change("disk", State.HEALTHY, State.STALE, "4.0 of 100 GB are free, less than 5.", NOON, NOON)


def webhook(url: SecretStr, kind: WebhookFormat = WebhookFormat.JSON) -> Webhook:
    return Webhook(url, FORMATS[kind], requests.Session())


@contextmanager
def delivering(url: SecretStr, delivered: list[Change]) -> Iterator[Delivery]:
    """One that hardly waits between two tries."""
    stop = threading.Event()

    def sleep(_: float) -> None:
        if stop.wait(0.01):
            raise Stopped("the test is over")

    delivery = Delivery(webhook(url), delivered.append, sleep)
    thread = threading.Thread(target=delivery.run)
    thread.start()
    try:
        yield delivery
    finally:
        stop.set()
        thread.join()


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_the_receiver_gets_a_change_as_json() -> None:
    with running_receiver() as receiver:
        webhook(receiver.url).send(BROKEN)
    assert receiver.taken == [
        {
            "source": "coinloom",
            "stage": "polls",
            "state": "broken",
            "was": "healthy",
            "reason": "The last 3 polls failed: <!channel> & more.",
            "since": "2026-11-29T12:00:00.000Z",
            "noticed_at": "2026-11-29T12:01:15.000Z",
        }
    ]


def test_nothing_from_outside_is_markup_in_slack() -> None:
    with running_receiver() as receiver:
        webhook(receiver.url, WebhookFormat.SLACK).send(BROKEN)
    assert receiver.taken == [
        {
            "text": ":red_circle: *Coinloom: polls is broken* for 1 min 15 s, and was healthy\n"
            "The last 3 polls failed: &lt;!channel&gt; &amp; more."
        }
    ]


def test_messages_wait_in_order_while_the_receiver_is_away_and_none_is_lost() -> None:
    port, delivered = free_port(), list[Change]()
    with delivering(url_at(port), delivered) as delivery:
        for change in (BROKEN, DISK, OVER):
            delivery.put(change)
        time.sleep(0.3)
        assert (delivery.waiting, delivered) == (3, [])
        with running_receiver(port) as receiver:
            receiver.answers = [503, 429, 302]
            wait_for(lambda: len(delivered) == 3)
    assert delivered == [BROKEN, DISK, OVER]
    assert receiver.taken == [as_json(change) for change in delivered]
    assert (receiver.asked, delivery.sent, delivery.waiting) == (6, 3, 0)


@pytest.mark.parametrize(
    "url",
    [
        url_at(1),  # nobody listens
        SecretStr(f"http://no-such-host.invalid/services/{SECRET}"),
        SecretStr(f"http://127.0.0.1:99999/services/{SECRET}"),  # no port
        SecretStr(f"http://[::1/services/{SECRET}"),
        SecretStr(f"hooks.example.org/services/{SECRET}"),
        SecretStr(f"ftp://127.0.0.1/services/{SECRET}"),
    ],
    ids=["away", "no host", "no port", "no address", "no scheme", "other scheme"],
)
def test_no_error_shows_the_address(url: SecretStr) -> None:
    with pytest.raises((NotTaken, WrongSetting)) as caught:
        webhook(url).send(BROKEN)
    assert SECRET not in "".join([str(caught.value), repr(caught.value), str(caught.value.__cause__)])
    assert "ALERT_WEBHOOK_URL" in str(caught.value) or "cannot be reached" in str(caught.value)


def test_no_log_shows_the_address(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO), running_receiver() as receiver:
        receiver.answers = [500, 404]
        with delivering(receiver.url, []) as delivery:
            delivery.put(BROKEN)
            wait_for(lambda: delivery.sent == 1)
        with delivering(url_at(1), []) as delivery:
            delivery.put(BROKEN)
            time.sleep(0.2)
    assert "HTTP 500" in caplog.text
    assert "HTTP 404" in caplog.text
    assert "cannot be reached (ConnectionError)" in caplog.text
    assert SECRET not in caplog.text


def test_a_message_for_slack_says_what_is_over() -> None:
    assert as_slack(OVER)["text"].startswith(":large_green_circle: *Coinloom: polls is healthy*")
