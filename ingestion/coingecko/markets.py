"""What one poll asks `/coins/markets` for, and what it gets."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from coinloom.errors import WrongSetting
from ingestion.coingecko.answers import Shape

ROWS_PER_PAGE = 250  # CoinGecko's limit, for rows and for ids

Row = dict[str, Any]

COINS = Shape(
    "a JSON list of coins", lambda body: isinstance(body, list) and all(isinstance(row, dict) for row in body)
)


@dataclass(frozen=True, slots=True)
class MarketsRequest:
    """What to ask for: these coins, or without ids the `top_n` by market cap; each in every quote currency."""

    vs_currencies: tuple[str, ...]
    ids: tuple[str, ...] = ()
    top_n: int = ROWS_PER_PAGE

    @classmethod
    def of(cls, vs_currencies: list[str], ids: list[str], top_n: int) -> "MarketsRequest":
        """Drops repetitions, and writes currencies in lower case as CoinGecko does: they are part of every key."""
        currencies = tuple(dict.fromkeys(currency.lower() for currency in vs_currencies))
        if not currencies:
            raise WrongSetting("COINGECKO_VS_CURRENCIES is empty: name at least one quote currency, for example usd")
        return cls(currencies, tuple(dict.fromkeys(ids)), top_n)

    def pages(self) -> list[dict[str, str | int]]:
        """The query parameters of every page for one currency: 250 ids or rows at the most on each."""
        if self.ids:
            chunks = [self.ids[at : at + ROWS_PER_PAGE] for at in range(0, len(self.ids), ROWS_PER_PAGE)]
            return [{"ids": ",".join(chunk), "per_page": ROWS_PER_PAGE, "page": 1} for chunk in chunks]
        per_page = min(self.top_n, ROWS_PER_PAGE)
        return [{"per_page": per_page, "page": 1 + at // ROWS_PER_PAGE} for at in range(0, self.top_n, ROWS_PER_PAGE)]


@dataclass(frozen=True, slots=True)
class MarketsAnswer:
    """The rows of one poll by quote currency, each coin once, and the moment when the last page was answered."""

    rows: dict[str, list[Row]]
    fetched_at: datetime

    def coin_ids(self) -> set[str]:
        """The coins that are there in every quote currency."""
        return set.intersection(*({str(row.get("id")) for row in rows} for rows in self.rows.values()))
