"""Asks CoinGecko: for any path, with its retries, and for the prices of one poll.

The key travels in a header, never in the URL, and redirects are not followed, so it reaches no other host.
"""

import logging
import time
from collections.abc import Callable, Iterator
from http import HTTPStatus
from typing import Any, Self
from urllib.parse import urlsplit

import requests
import tenacity
from urllib3.exceptions import MaxRetryError

from coinloom.clock import Clock, utc_now
from coinloom.errors import WrongSetting
from coinloom.settings import CoinGeckoPlan, Settings, in_clear
from ingestion.coingecko.answers import Shape, read_body, receive
from ingestion.coingecko.markets import COINS, MarketsAnswer, MarketsRequest, Row
from ingestion.coingecko.plans import BASE_URLS, key_header, user_agent
from ingestion.exceptions import TemporaryTrouble, Unreachable

CONNECT_TIMEOUT_SECONDS = 5
READ_TIMEOUT_SECONDS = 10  # of silence; a page takes about a second
ATTEMPTS_PER_REQUEST = 5

Parameters = dict[str, str | int]
BeforeCall = Callable[[], Callable[[], None]]

log = logging.getLogger(__name__)
_exponential_backoff = tenacity.wait_exponential_jitter(initial=1, max=30, jitter=1)


class CoinGeckoClient:
    """Knows the host and the key's header of a plan, pages, and tries again where it can help.

    `before_call` comes before each request, tries included, and returns what is to be called if that costs no credit;
    `sleep` waits between tries. One that raises abandons the request. Raises WrongKeyOrPlan for a key that cannot work.
    """

    def __init__(
        self,
        session: requests.Session,
        plan: CoinGeckoPlan = CoinGeckoPlan.KEYLESS,
        key: str | None = None,
        base_url: str = "",
        *,
        before_call: BeforeCall = lambda: lambda: None,
        sleep: Callable[[float], None] = time.sleep,
        now: Clock = utc_now,
    ) -> None:
        self._session = session
        self._before_call = before_call
        self._base_url = (base_url or BASE_URLS[plan]).rstrip("/")
        self._key = (key or "").strip() or None
        self._headers = {"User-Agent": user_agent(), "Accept": "application/json", **key_header(plan, self._key)}
        self._now = now
        self._retrying = tenacity.Retrying(
            retry=tenacity.retry_if_exception_type(TemporaryTrouble),
            wait=_wait_seconds,
            stop=tenacity.stop_after_attempt(ATTEMPTS_PER_REQUEST),
            before_sleep=_log_retry,
            sleep=sleep,
            reraise=True,
        )

    @classmethod
    def of(
        cls,
        settings: Settings,
        session: requests.Session,
        before_call: BeforeCall,
        sleep: Callable[[float], None],
        now: Clock,
    ) -> Self:
        """The client for the plan, the key and the host of the settings."""
        key = in_clear(settings.coingecko_api_key)
        plan, base_url = settings.coingecko_plan, settings.coingecko_base_url
        return cls(session, plan, key, base_url, before_call=before_call, sleep=sleep, now=now)

    def get(self, path: str, parameters: Parameters, shape: Shape) -> Any:
        """The JSON at a path that begins with a slash, tried again where it can help. Raises a CoinGeckoError."""
        return self._retrying(self._get, self._base_url + path, parameters, shape)

    def markets(self, request: MarketsRequest) -> MarketsAnswer:
        """All pages in all currencies. Raises a CoinGeckoError: a poll is complete or it is none."""
        rows = {currency: self._coins(request, currency) for currency in request.vs_currencies}
        return MarketsAnswer(rows, fetched_at=self._now())

    def _coins(self, request: MarketsRequest, vs_currency: str) -> list[Row]:
        """Each coin once: order by market cap moves between two requests, so a coin can be on two pages."""
        seen: dict[Any, Row] = {}
        for row in self._rows(request, vs_currency):
            coin_id = row.get("id")
            # A row without an id goes through too: the stream counts it and keeps it in quarantine.
            seen[coin_id if isinstance(coin_id, str) else id(row)] = row
        return list(seen.values())[: None if request.ids else request.top_n]

    def _rows(self, request: MarketsRequest, vs_currency: str) -> Iterator[Row]:
        for page in request.pages():
            parameters = {"vs_currency": vs_currency, "order": "market_cap_desc", "precision": "full", **page}
            rows = self.get("/coins/markets", parameters, COINS)
            yield from rows
            if not request.ids and len(rows) < int(page["per_page"]):
                return

    def _get(self, url: str, parameters: Parameters, shape: Shape) -> Any:
        give_credit_back = self._before_call()
        try:
            with self._session.get(
                url,
                params=parameters,
                headers=self._headers,
                timeout=(CONNECT_TIMEOUT_SECONDS, READ_TIMEOUT_SECONDS),
                allow_redirects=False,
                stream=True,
            ) as response:
                if response.status_code != HTTPStatus.OK:
                    give_credit_back()
                answer = receive(response)
        except (requests.exceptions.InvalidURL, requests.exceptions.MissingSchema, requests.exceptions.InvalidSchema):
            give_credit_back()
            raise WrongSetting("COINGECKO_BASE_URL is not a web address: it must look like https://host/path") from None
        except requests.RequestException as error:
            if _found_nobody(error):
                give_credit_back()
            what = f"no complete answer from {urlsplit(url).hostname} ({type(error).__name__})"
            raise Unreachable(f"{what}; check the network and COINGECKO_BASE_URL") from error
        return read_body(answer, shape, self._now(), self._key)


def _found_nobody(error: requests.RequestException) -> bool:
    """Whether no connection was made: urllib3, which is to try once, names only then the tries that it has used up."""
    return bool(error.args) and isinstance(error.args[0], MaxRetryError)


def _wait_seconds(state: tenacity.RetryCallState) -> float:
    error = state.outcome.exception() if state.outcome else None
    named = error.retry_after_seconds if isinstance(error, TemporaryTrouble) else None
    return max(named or 0.0, _exponential_backoff(state))


def _log_retry(state: tenacity.RetryCallState) -> None:
    error = state.outcome.exception() if state.outcome else None
    log.warning(
        "try %d of %d: %s; again in %.0f s", state.attempt_number, ATTEMPTS_PER_REQUEST, error, state.upcoming_sleep
    )
