"""What a request to CoinGecko needs: the host of the plan, the header with its key, and how we introduce ourselves."""

import logging
from importlib.metadata import PackageNotFoundError, version

from coinloom.settings import CoinGeckoPlan
from ingestion.exceptions import WrongKeyOrPlan

BASE_URLS = {
    CoinGeckoPlan.KEYLESS: "https://api.coingecko.com/api/v3",
    CoinGeckoPlan.DEMO: "https://api.coingecko.com/api/v3",
    CoinGeckoPlan.PRO: "https://pro-api.coingecko.com/api/v3",
}
KEY_HEADERS = {CoinGeckoPlan.DEMO: "x-cg-demo-api-key", CoinGeckoPlan.PRO: "x-cg-pro-api-key"}

log = logging.getLogger(__name__)


def key_header(plan: CoinGeckoPlan, key: str | None) -> dict[str, str]:
    """The header with the key; none for the keyless plan. Raises WrongKeyOrPlan for a key that cannot work."""
    if plan is CoinGeckoPlan.KEYLESS:
        if key:
            log.warning("COINGECKO_API_KEY is set, but not sent: COINGECKO_PLAN is keyless (set demo or pro)")
        return {}
    if not key:
        raise WrongKeyOrPlan(f"COINGECKO_PLAN is {plan}, which needs COINGECKO_API_KEY (or set COINGECKO_PLAN=keyless)")
    if not (key.isascii() and key.isprintable()):
        raise WrongKeyOrPlan("COINGECKO_API_KEY holds characters that no key has; copy it again")
    return {KEY_HEADERS[plan]: key}


def user_agent() -> str:
    """`coinloom/<version>`: CoinGecko's front turns away clients that do not say who they are.

    The version is `source` where the package runs without having been installed.
    """
    try:
        return f"coinloom/{version('coinloom')}"
    except PackageNotFoundError:
        return "coinloom/source"
