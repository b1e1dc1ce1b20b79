"""The same as on the screen, printed once: as text for people, or as JSON for scripts."""

import json
from datetime import datetime
from decimal import Decimal
from typing import Any

from rich.console import Console

from coinloom.clock import iso_milliseconds, seconds_since, utc_now
from coinloom.settings import Settings
from commands.check import PATIENCE_SECONDS, as_data
from commands.top.screen import Seen, screen
from commands.top.seen import Prices, read_health, read_prices
from dashboard.database import Database
from dashboard.market import Market
from health.verdicts import Verdict

COINS_SHOWN = 20


def show_once(settings: Settings, console: Console, currency: str, *, as_json: bool) -> None:
    """Raises NoSuchCurrency, and what Market raises."""
    database = Database(settings)
    try:
        prices = read_prices(Market(database), currency)
    finally:
        database.close()
    health, now = read_health(settings, PATIENCE_SECONDS), utc_now()
    if as_json:
        print(json.dumps(_as_data(prices, health, now), default=_written))
    else:
        console.print(screen(Seen(prices, health), settings, now, console.width, COINS_SHOWN))


def _as_data(prices: Prices, health: list[Verdict], now: datetime) -> dict[str, Any]:
    return {
        "vs_currency": prices.currency,
        "as_of": prices.as_of,
        "age_seconds": round(seconds_since(prices.as_of, now), 3),
        "published_at": prices.published_at,
        "gainers": prices.gainers,
        "losers": prices.losers,
        "coins": prices.coins,
        "health": as_data(health),
    }


def _written(value: Any) -> str | float:
    if isinstance(value, datetime):
        return iso_milliseconds(value)
    if isinstance(value, Decimal):
        return float(value)
    raise TypeError(f"not for JSON: {value!r}")
