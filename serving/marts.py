"""The marts that BI tools read: their keys, and the periods in which dbt rewrites them."""

from dataclasses import dataclass
from datetime import timedelta

SCHEMA = "marts"


@dataclass(frozen=True, slots=True)
class Period:
    """A stretch of time whose rows the warehouse keeps together, as a partition of the table.

    `column` names a row's period by the first `name_length` characters of its UTC time (2026-11-22T16 is an hour); it
    is not published.
    """

    column: str
    name_length: int
    length: timedelta

    def of(self, hour: str) -> str:
        """Name of the period that this hour is part of."""
        return hour[: self.name_length]


HOUR = Period("bar_hour", len("2026-11-22T16"), timedelta(hours=1))
DAY = Period("bar_day", len("2026-11-22"), timedelta(days=1))


@dataclass(frozen=True, slots=True)
class Mart:
    """`key` is its grain. `time` is the column whose periods are published one by one; without it, the mart is tiny."""

    name: str
    key: tuple[str, ...]
    time: str = ""
    period: Period | None = None


MARTS = (
    Mart("crypto_table", ("vs_currency", "coin_id", "bar_minute"), "bar_minute", HOUR),
    Mart("ohlc_5m", ("vs_currency", "coin_id", "bar_start"), "bar_start", HOUR),
    Mart("ohlc_1h", ("vs_currency", "coin_id", "bar_start"), "bar_start", HOUR),
    Mart("ohlc_1d", ("vs_currency", "coin_id", "bar_start"), "bar_start", DAY),
    Mart("top_5_gainers", ("vs_currency", "rank")),
    Mart("top_5_losers", ("vs_currency", "rank")),
)
