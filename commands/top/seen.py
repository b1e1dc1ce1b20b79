"""What is shown: the marts as the dashboard reads them, as bi_reader, and the verdicts on the stages."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from coinloom.clock import utc_now
from coinloom.errors import CoinloomError
from coinloom.settings import Settings
from coinloom.wording import printable
from dashboard.database import Row
from dashboard.market import Market
from health.report import read_stages
from health.verdicts import Verdict, verdicts


class NoSuchCurrency(CoinloomError):
    """The marts have no prices in the currency that was asked for."""


@dataclass(frozen=True, slots=True)
class Prices:
    """Of one quote currency, as of its newest minute. `lines` are the closes of the last six hours, by coin."""

    currency: str
    as_of: datetime
    published_at: datetime | None
    gainers: Sequence[Row]
    losers: Sequence[Row]
    coins: Sequence[Row]
    lines: dict[str, list[float]]


def read_prices(market: Market, currency: str) -> Prices:
    """In the first currency, if none is named. Raises NoSuchCurrency, and what Market raises."""
    found = market.currency(currency)
    name = found["vs_currency"]
    if currency and currency != name:
        there = ", ".join(row["vs_currency"] for row in market.currencies())
        raise NoSuchCurrency(printable(f"There are no prices in {currency}, there are some in: {there}."))
    top_5 = market.top_5(name)
    return Prices(
        currency=name,
        as_of=found["as_of"].replace(tzinfo=UTC),
        published_at=market.version().published_at,
        gainers=[row for row in top_5 if row["board"] == "gainers"],
        losers=[row for row in top_5 if row["board"] == "losers"],
        coins=market.overview(name),
        lines=market.sparklines(name),
    )


def read_health(settings: Settings, patience_seconds: float | None = None) -> list[Verdict]:
    """Of all stages."""
    return verdicts(read_stages(settings, patience_seconds=patience_seconds), settings, utc_now())
