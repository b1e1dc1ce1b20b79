"""Which of our errors an answer of CoinGecko is that does not hold what we asked for.

Source: CoinGecko's "Errors & Rate Limits" page. Error bodies come in several shapes, and Cloudflare in front of the API
answers in plain text ("error code: 1015"), so CoinGecko's own code decides first, then the status; the body is quoted.
"""

from datetime import datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any

from ingestion.exceptions import (
    CoinGeckoError,
    RateLimited,
    RequestRefused,
    ServerTrouble,
    UnknownCoin,
    WrongKeyOrPlan,
)

LONGEST_RETRY_AFTER_SECONDS = 3600.0
QUOTED_CHARACTERS = 200

KEY_ERRORS = {
    10002: "no API key was sent: set COINGECKO_API_KEY, and COINGECKO_PLAN to demo or pro",
    10005: "this plan does not include the request: change COINGECKO_PLAN, or ask for less",
    10010: "this looks like a pro key on the demo host: set COINGECKO_PLAN=pro, or check COINGECKO_API_KEY",
    10011: "this looks like a demo key on the pro host: set COINGECKO_PLAN=demo, or check COINGECKO_API_KEY",
    10012: "this plan does not reach so far back: ask for a later --from, or set COINGECKO_PLAN=pro with its key",
}

CHECK_BASE_URL = "check COINGECKO_BASE_URL"
CHECK_REQUEST = "check COINGECKO_IDS and COINGECKO_VS_CURRENCIES"
REFUSAL_ADVICE = {
    301: CHECK_BASE_URL,
    302: CHECK_BASE_URL,
    307: CHECK_BASE_URL,
    308: CHECK_BASE_URL,
    403: "a firewall in front of CoinGecko blocks this address, whatever the key",
    404: CHECK_BASE_URL,
}


def error_of(status: int, body: Any, quoted: str, retry_after: float | None) -> CoinGeckoError:
    """The error that fits; `body` is the answer's JSON or None, `quoted` what of it may be shown."""
    what = f"CoinGecko answered HTTP {status}: {quoted}"
    if advice := KEY_ERRORS.get(_error_code(body) or 0):
        return WrongKeyOrPlan(f"{what}; {advice}")
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        less = "raise POLL_INTERVAL_SECONDS, lower COINGECKO_CALLS_PER_MINUTE, ask for fewer coins, or set a key"
        return RateLimited(f"{what}; {less}", retry_after)
    if status == HTTPStatus.REQUEST_TIMEOUT or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return ServerTrouble(f"{what}; the trouble is on its side", retry_after)
    if status == HTTPStatus.UNAUTHORIZED or (status == HTTPStatus.FORBIDDEN and body is not None):
        return WrongKeyOrPlan(f"{what}; check COINGECKO_API_KEY and COINGECKO_PLAN")
    if status == HTTPStatus.NOT_FOUND and isinstance(body, dict) and body.get("error") == "coin not found":
        return UnknownCoin(f"{what}; check COINGECKO_IDS (avalanche, for one, is avalanche-2)")
    return RequestRefused(f"{what}; {REFUSAL_ADVICE.get(status, CHECK_REQUEST)}")


def is_about_the_key(body: Any) -> bool:
    """Whether the body of an answer says, whatever its status, that the key or the plan is wrong."""
    return _error_code(body) in KEY_ERRORS


def retry_after_seconds(value: str | None, now: datetime) -> float | None:
    """The header Retry-After (seconds or an HTTP date) in seconds from `now`, 0 to 3600; None if it says nothing."""
    if value is None:
        return None
    try:
        seconds = float(value) if value.strip().isdigit() else (parsedate_to_datetime(value) - now).total_seconds()
    except (ValueError, TypeError, OverflowError):
        return None
    return min(max(seconds, 0.0), LONGEST_RETRY_AFTER_SECONDS)


def quote(content: bytes, key: str | None) -> str:
    """The beginning of a body for an error message, on one line and without the key."""
    text = content.decode("utf-8", errors="replace")
    hidden = text.replace(key, "***") if key else text
    return " ".join(hidden.split())[:QUOTED_CHARACTERS] or "(empty body)"


def _error_code(body: Any) -> int | None:
    """CoinGecko's own code, from `{"error_code"}`, `{"status": {...}}` or `{"error": {"status": {...}}}`."""
    while isinstance(body, dict):
        if isinstance(code := body.get("error_code"), int):
            return code
        body = body.get("status") or body.get("error")
    return None
