"""What the pages show of the marts: read once per publish, however many browsers look."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from cachetools import TTLCache, cached

from coinloom.errors import CoinloomError
from dashboard import queries
from dashboard.address import BARS, Address
from dashboard.answers import Answers
from dashboard.database import Database, MartMissing, Row

LOOK_SECONDS = 0.5
"""How often PostgreSQL is asked at most whether something was published."""
ANSWERS_KEPT = 64

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

    def __init__(self, database: Database, look_seconds: float = LOOK_SECONDS) -> None:
        self._database = database
        self._answers = Answers(ANSWERS_KEPT)
        self._look = cached(TTLCache(1, look_seconds), condition=threading.Condition())(self._ask_for_version)

    def version(self) -> Version:
        """At most `look_seconds` old; a database that is away is asked no more often, either."""
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
        question = "bars", coin["coin_id"], coin["vs_currency"], address.bars, address.span
        version = self.version().of("crypto_table", length.mart), coin["bar_minute"]
        return self._answers.newest(question, version, lambda: queries.bars(self._database, coin, length, address.span))

    def sparklines(self, currency: str) -> dict[str, list[float]]:
        """Anew every five minutes of the market, as the bars are that they are made of."""
        found = self.currency(currency)
        name, until = found["vs_currency"], found["as_of"]
        five_minutes = until - timedelta(minutes=until.minute % 5)
        return self._answers.newest(
            ("sparklines", name), five_minutes, lambda: queries.sparklines(self._database, name, until)
        )

    def _once(self, marts: tuple[str, ...], query: Callable[..., Answer], *values: str) -> Answer:
        version = self.version().of(*marts)
        return self._answers.newest((query.__name__, *values), version, lambda: query(self._database, *values))

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
