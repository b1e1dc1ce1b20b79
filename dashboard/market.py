"""What the pages show of the marts: read once per publish, however many browsers look."""

import threading
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from cachetools import LRUCache, TTLCache, cached

from coinloom.errors import CoinloomError
from dashboard import queries
from dashboard.address import BARS, Address
from dashboard.database import Database, MartMissing, Row

LOOK_SECONDS = 0.5
"""How often PostgreSQL is asked at most whether something was published."""
ANSWERS_KEPT = 64
FIVE_MINUTES = timedelta(minutes=5)

Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True)
class Version:
    """When each mart was last changed; another version means that something was published."""

    changed: tuple[tuple[str, datetime], ...]

    def of(self, *marts: str) -> tuple[datetime | None, ...]:
        changed = dict(self.changed)
        return tuple(changed.get(mart) for mart in marts)

    @property
    def published_at(self) -> datetime | None:
        return max((at for _, at in self.changed), default=None)

    def __str__(self) -> str:
        return " ".join(at.isoformat() for _, at in self.changed)


class Market:
    """The marts, as of the newest publish. Every method raises DatabaseUnavailable, TookTooLong and MartMissing."""

    def __init__(self, database: Database) -> None:
        self._database = database
        # Of those who ask for the same at once, one asks PostgreSQL, and the others wait for its answer.
        self._remember = cached(LRUCache(ANSWERS_KEPT), key=lambda key, _ask: key, condition=threading.Condition())(
            _ask
        )
        self._look = cached(TTLCache(1, LOOK_SECONDS), condition=threading.Condition())(self._ask_for_version)

    def version(self) -> Version:
        """At most LOOK_SECONDS old; a database that is away is asked no more often, either."""
        found = self._look()
        if isinstance(found, CoinloomError):
            raise found
        return found

    def filling(self, address: Address) -> str:
        """What a page of this address is filled with now: another address or publish, another filling."""
        return f"{self.version()} {address}"

    def currencies(self) -> list[Row]:
        return self._once(("coin_overview",), queries.currencies)

    def currency(self, wanted: str) -> Row:
        """The row of this currency, or of the first one if there is no such.

        Raises MartMissing: there is none at all.
        """
        found = self.currencies()
        if not found:
            raise MartMissing("The marts are empty: nothing has been published yet.")
        return next((row for row in found if row["vs_currency"] == wanted), found[0])

    def overview(self, currency: str) -> list[Row]:
        return self._once(("coin_overview",), queries.overview, currency)

    def top_5(self, currency: str) -> list[Row]:
        return self._once(("top_5_gainers", "top_5_losers"), queries.top_5, currency)

    def coin(self, coin_id: str, currency: str) -> Row | None:
        return self._once(("coin_overview",), queries.coin, coin_id, currency)

    def currencies_of_coin(self, coin_id: str) -> list[str]:
        return self._once(("coin_overview",), queries.currencies_of_coin, coin_id)

    def bars(self, coin: Row, address: Address) -> list[Row]:
        """Those that the address names, of a row of `coin`."""
        length = BARS[address.bars]
        until = coin["coin_id"], coin["vs_currency"], coin["bar_minute"]
        key = (*self.version().of("crypto_table", length.mart), until, address.bars, address.span)
        return self._remember(key, lambda: queries.bars(self._database, coin, length, address.span))

    def sparklines(self, currency: str) -> dict[str, list[float]]:
        """Anew every five minutes of the market, as the bars are that they are made of."""
        until = self.currency(currency)["as_of"]
        key = "sparklines", currency, until - timedelta(minutes=until.minute % 5)
        return self._remember(key, lambda: queries.sparklines(self._database, currency, until))

    def _once(self, marts: tuple[str, ...], query: Callable[..., Answer], *values: str) -> Answer:
        key = (query.__name__, self.version().of(*marts), values)
        return self._remember(key, lambda: query(self._database, *values))

    def _ask_for_version(self) -> Version | CoinloomError:
        try:
            rows = queries.freshness(self._database)
        except CoinloomError as error:
            return error
        return Version(tuple((row["mart"], row["changed_at"]) for row in rows))


def if_it_can_be_read(ask: Callable[[], Answer]) -> Answer | None:
    """An answer of the market, or None; then the frame says why."""
    try:
        return ask()
    except CoinloomError:
        return None


def _ask(_key: Hashable, ask: Callable[[], Answer]) -> Answer:
    return ask()
