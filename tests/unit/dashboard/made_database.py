"""Marts in memory, as the queries of the dashboard find them."""

from datetime import datetime
from typing import Any

from coinloom.settings import Settings
from dashboard import queries
from dashboard.database import Database, Row

AS_OF = datetime(2026, 11, 29, 12, 0)
COLUMNS = (
    "symbol", "name", "market_cap", "market_cap_rank", "volume_24h", "rsi_14",
    *(f"price_change_{over}_pct" for over in ("1m", "5m", "1h", "24h", "7d")),
)  # fmt: skip


def row(coin_id: str, **values: Any) -> Row:
    """Of `coin_overview`, with nulls for what is not given."""
    made: Row = dict.fromkeys(COLUMNS)
    return made | {"coin_id": coin_id, "vs_currency": "usd", "price": 2.0, "as_of": AS_OF} | values


class MadeDatabase(Database):
    """Of one currency."""

    def __init__(self, *overview: Row, currency: str = "usd") -> None:
        super().__init__(Settings(_env_file=None))
        self._answers: dict[Any, list[Row]] = {
            queries.FRESHNESS: [{"mart": "coin_overview", "changed_at": AS_OF}],
            queries.CURRENCIES: [{"vs_currency": currency, "as_of": AS_OF, "coins": len(overview)}],
            queries.OVERVIEW: list(overview),
        }

    def read(self, query: Any, _values: Any = ()) -> list[Row]:
        return self._answers.get(query, [])
