"""Messages to the receiver, one after the other: the next one waits until the one before it was taken.

The address is a secret, for who knows it can write. Errors of requests quote it, so none of them is shown.
"""

import logging
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

import requests
import tenacity
from pydantic import SecretStr

from coinloom.errors import CoinloomError, Stopped, WrongSetting
from monitoring.watch import Change

TIMEOUT_SECONDS = (5, 10)
FIRST_WAIT_SECONDS, LONGEST_WAIT_SECONDS = 1, 60
LOOK_SECONDS = 0.5

log = logging.getLogger("monitor")

Write = Callable[[Change], dict[str, Any]]


class NotTaken(CoinloomError):
    """The receiver is away, or refused the message. Says which, never where it is."""


class Webhook:
    """Where messages go. Raises WrongSetting for what is no address."""

    def __init__(self, url: SecretStr, write: Write, session: requests.Session) -> None:
        try:
            parts = urlsplit(url.get_secret_value())
            is_address = parts.scheme in {"http", "https"} and bool(parts.hostname)
        except ValueError:
            is_address = False
        if not is_address:
            raise WrongSetting("ALERT_WEBHOOK_URL is no address that begins with http:// or https://.")
        self._url = url
        self._write = write
        self._session = session

    def send(self, change: Change) -> None:
        """Raises NotTaken. No redirect is followed: it would carry the message to where nobody wanted it."""
        try:
            answer = self._session.post(
                self._url.get_secret_value(),
                json=self._write(change),
                timeout=TIMEOUT_SECONDS,
                allow_redirects=False,
            )
        except (requests.RequestException, ValueError) as error:
            raise NotTaken(f"it cannot be reached ({type(error).__name__})") from None
        if not answer.ok or answer.is_redirect:
            raise NotTaken(f"it answered with HTTP {answer.status_code}")


class Delivery:
    """What was not taken yet, in order. `delivered` hears of each message that was; `sleep` may raise Stopped."""

    def __init__(self, webhook: Webhook, delivered: Callable[[Change], None], sleep: Callable[[float], None]) -> None:
        self._webhook = webhook
        self._delivered = delivered
        self._sleep = sleep
        self._waiting: deque[Change] = deque()
        self.sent = 0

    def put(self, change: Change) -> None:
        self._waiting.append(change)

    @property
    def waiting(self) -> int:
        return len(self._waiting)

    def run(self) -> None:
        """Send what waits and what comes, until stopped; for a thread of its own."""
        retrying = tenacity.Retrying(
            retry=tenacity.retry_if_exception_type(NotTaken),
            wait=tenacity.wait_exponential_jitter(FIRST_WAIT_SECONDS, LONGEST_WAIT_SECONDS),
            before_sleep=self._log_failure,
            sleep=self._sleep,
        )
        with suppress(Stopped):
            while True:
                while self._waiting:
                    retrying(self._webhook.send, self._waiting[0])
                    self.sent += 1
                    self._delivered(self._waiting.popleft())
                self._sleep(LOOK_SECONDS)

    def _log_failure(self, state: tenacity.RetryCallState) -> None:
        error = state.outcome.exception() if state.outcome else None
        what = "the receiver of alerts has not taken a message: %s; next try in %.0f s, %d wait"
        log.warning(what, error, state.upcoming_sleep, self.waiting)
