"""The address of a page: it alone says what is shown, so it can be shared.

/?currency=usd&change=1h        the market, with the changes over an hour
/coin/bitcoin?currency=usd&bars=5m&span=1d
/health
"""

from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum
from typing import Self
from urllib.parse import parse_qs, quote, unquote, urlencode, urlsplit


class Page(StrEnum):
    MOVERS = "movers"
    COIN = "coin"
    HEALTH = "health"
    NOT_FOUND = "not found"


CHANGES = ("1m", "5m", "1h", "24h", "7d")
"""Over what `coin_overview` knows a change."""

SPANS = {
    "1h": timedelta(hours=1),
    "3h": timedelta(hours=3),
    "12h": timedelta(hours=12),
    "1d": timedelta(days=1),
    "3d": timedelta(days=3),
    "7d": timedelta(days=7),
    "30d": timedelta(days=30),
    "90d": timedelta(days=90),
    "1y": timedelta(days=365),
}


@dataclass(frozen=True, slots=True)
class Bars:
    """Bars of one length: the mart that has them, and the spans of which there are not too many to look at."""

    name: str
    length: timedelta
    mart: str
    spans: tuple[str, ...]
    usual_span: str


BARS = {
    bars.name: bars
    for bars in (
        Bars("1m", timedelta(minutes=1), "crypto_table", ("1h", "3h", "12h", "1d"), "3h"),
        Bars("5m", timedelta(minutes=5), "ohlc_5m", ("3h", "12h", "1d", "3d", "7d"), "1d"),
        Bars("1h", timedelta(hours=1), "ohlc_1h", ("1d", "3d", "7d", "30d", "90d"), "7d"),
        Bars("1d", timedelta(days=1), "ohlc_1d", ("30d", "90d", "1y"), "90d"),
    )
}


@dataclass(frozen=True, slots=True)
class Address:
    """`coin` is a coin's id. What an address does not say, or says wrongly, has its usual value; "" is not said."""

    page: Page = Page.MOVERS
    currency: str = ""
    coin: str = ""
    change: str = ""
    bars: str = "1m"
    span: str = "3h"

    @classmethod
    def read(cls, href: str) -> Self:
        parts = urlsplit(href)
        page, coin = _read_path(parts.path)
        said = {name: values[0] for name, values in parse_qs(parts.query).items()}
        change = said.get("change", "")
        bars = BARS.get(said.get("bars", ""), BARS["1m"])
        span = said.get("span", "")
        return cls(
            page,
            said.get("currency", ""),
            coin,
            change if change in CHANGES else "",
            bars.name,
            span if span in bars.spans else bars.usual_span,
        )

    def of(self, **changes: str) -> "Address":
        """This one with another page, currency, coin, change, length of bars or span."""
        other = replace(self, **changes)  # type: ignore[arg-type]
        bars = BARS[other.bars]
        return other if other.span in bars.spans else replace(other, span=bars.usual_span)

    @property
    def path(self) -> str:
        coin = f"/coin/{quote(self.coin, safe='')}".rstrip("/")
        return {Page.COIN: coin, Page.HEALTH: "/health"}.get(self.page, "/")

    @property
    def query(self) -> str:
        """What of it matters to its page."""
        said = {"currency": self.currency}
        if self.page is Page.MOVERS:
            said["change"] = self.change
        if self.page is Page.COIN:
            said |= {"bars": self.bars, "span": self.span}
        given = {name: value for name, value in said.items() if value}
        return f"?{urlencode(given)}" if given else ""

    def __str__(self) -> str:
        return self.path + self.query


def _read_path(path: str) -> tuple[Page, str]:
    match path.strip("/").split("/"):
        case [""] | ["movers"]:
            return Page.MOVERS, ""
        case ["coin"]:
            return Page.COIN, ""
        case ["coin", coin]:
            return Page.COIN, unquote(coin)
        case ["health"]:
            return Page.HEALTH, ""
        case _:
            return Page.NOT_FOUND, ""
