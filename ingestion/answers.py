"""What an HTTP answer of CoinGecko means: rows of coins, or one of our errors.

Source: CoinGecko's "Errors & Rate Limits" page. Error bodies come in several shapes, and Cloudflare in front of the API
answers in plain text ("error code: 1015"), so CoinGecko's own code decides first, then the status; the body is quoted.
"""

import json
import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any

from requests import Response
from urllib3.exceptions import HTTPError

from ingestion.exceptions import (
    BadAnswer,
    CoinGeckoError,
    RateLimited,
    RequestRefused,
    ServerTrouble,
    Unreachable,
    WrongKeyOrPlan,
)

# A page of 250 coins has a quarter of a megabyte and takes about a second.
LARGEST_ANSWER_BYTES = 10_000_000
LONGEST_ANSWER_SECONDS = 20.0
BYTES_PER_READ = 65_536

LONGEST_RETRY_AFTER_SECONDS = 3600.0
QUOTED_CHARACTERS = 200

KEY_ERRORS = {
    10002: "no API key was sent: set COINGECKO_API_KEY, and COINGECKO_PLAN to demo or pro",
    10005: "this plan does not include the request: change COINGECKO_PLAN, or ask for less",
    10010: "this looks like a pro key on the demo host: set COINGECKO_PLAN=pro, or check COINGECKO_API_KEY",
    10011: "this looks like a demo key on the pro host: set COINGECKO_PLAN=demo, or check COINGECKO_API_KEY",
}

CHECK_BASE_URL = "check COINGECKO_BASE_URL"
REFUSAL_ADVICE = {
    301: CHECK_BASE_URL,
    302: CHECK_BASE_URL,
    307: CHECK_BASE_URL,
    308: CHECK_BASE_URL,
    403: "a firewall in front of CoinGecko blocks this address, whatever the key",
    404: CHECK_BASE_URL,
}


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer that is here as a whole."""

    status: int
    headers: Mapping[str, str]
    content: bytes


def receive(response: Response, monotonic: Callable[[], float] = time.monotonic) -> Answer:
    """Reads the body of a streamed response: a read timeout alone would wait for ever for one that drips.

    Raises Unreachable for a body that breaks off or takes too long, BadAnswer for one that is too large.
    """
    started, content = monotonic(), bytearray()
    try:
        while some := response.raw.read1(BYTES_PER_READ, decode_content=True):
            content += some
            if len(content) > LARGEST_ANSWER_BYTES:
                raise BadAnswer(f"CoinGecko's answer is larger than {LARGEST_ANSWER_BYTES:,} bytes; it was not read on")
            if monotonic() - started > LONGEST_ANSWER_SECONDS:
                what = f"only {len(content)} bytes of CoinGecko's answer came in {LONGEST_ANSWER_SECONDS:.0f} s"
                raise Unreachable(f"{what}; check the network")
    except HTTPError as error:
        raise Unreachable(f"CoinGecko's answer broke off ({type(error).__name__}); check the network") from error
    return Answer(response.status_code, response.headers, bytes(content))


def read_rows(answer: Answer, now: datetime, key: str | None) -> list[dict[str, Any]]:
    """The coins of one answer. `now` turns a Retry-After date into seconds; `key` is kept out of what errors quote.

    Numbers that no double can hold (NaN, 1e999) become null. Raises the subclass of CoinGeckoError that fits.
    """
    body = _json_or_none(answer.content)
    if answer.status == HTTPStatus.OK:
        if isinstance(body, list) and all(isinstance(row, dict) for row in body):
            return body
        if _error_code(body) not in KEY_ERRORS:
            size = len(answer.content)
            raise BadAnswer(
                f"CoinGecko's answer of {size} bytes is not a JSON list of coins: {_quote(answer.content, key)}"
            )
    retry_after = retry_after_seconds(answer.headers.get("Retry-After"), now)
    raise _error(answer.status, body, _quote(answer.content, key), retry_after)


def _error(status: int, body: Any, quote: str, retry_after: float | None) -> CoinGeckoError:
    what = f"CoinGecko answered HTTP {status}: {quote}"
    if advice := KEY_ERRORS.get(_error_code(body) or 0):
        return WrongKeyOrPlan(f"{what}; {advice}")
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return RateLimited(f"{what}; raise POLL_INTERVAL_SECONDS, ask for fewer coins, or set a key", retry_after)
    if status == HTTPStatus.REQUEST_TIMEOUT or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return ServerTrouble(f"{what}; the trouble is on its side", retry_after)
    if status == HTTPStatus.UNAUTHORIZED or (status == HTTPStatus.FORBIDDEN and body is not None):
        return WrongKeyOrPlan(f"{what}; check COINGECKO_API_KEY and COINGECKO_PLAN")
    return RequestRefused(f"{what}; {REFUSAL_ADVICE.get(status, 'check COINGECKO_IDS and COINGECKO_VS_CURRENCIES')}")


def retry_after_seconds(value: str | None, now: datetime) -> float | None:
    """The header Retry-After (seconds or an HTTP date) in seconds from `now`, 0 to 3600; None if it says nothing."""
    if value is None:
        return None
    try:
        seconds = float(value) if value.strip().isdigit() else (parsedate_to_datetime(value) - now).total_seconds()
    except (ValueError, TypeError, OverflowError):
        return None
    return min(max(seconds, 0.0), LONGEST_RETRY_AFTER_SECONDS)


def _json_or_none(content: bytes) -> Any:
    try:
        return json.loads(content, parse_float=_finite_or_none, parse_constant=lambda _: None)
    except (ValueError, RecursionError):
        return None


def _finite_or_none(text: str) -> float | None:
    number = float(text)
    return number if math.isfinite(number) else None


def _error_code(body: Any) -> int | None:
    """CoinGecko's own code, from `{"error_code"}`, `{"status": {...}}` or `{"error": {"status": {...}}}`."""
    while isinstance(body, dict):
        if isinstance(code := body.get("error_code"), int):
            return code
        body = body.get("status") or body.get("error")
    return None


def _quote(content: bytes, key: str | None) -> str:
    text = content.decode("utf-8", errors="replace")
    hidden = text.replace(key, "***") if key else text
    return " ".join(hidden.split())[:QUOTED_CHARACTERS] or "(empty body)"
