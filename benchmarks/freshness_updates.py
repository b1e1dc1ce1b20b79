"""The updates that have landed, with the clocks of each."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pyarrow.dataset

from coinloom.settings import Settings, Target
from stores.database import connect

COLUMNS = ("coin_id", "price", "last_updated_at", "poll_id", "fetched_at", "produced_at", "landed_at")


@dataclass(frozen=True, slots=True)
class Update:
    """A price of one coin as one poll brought it. The times are Unix times."""

    coin_id: str
    price: float
    last_updated_at: float
    poll_id: str
    fetched_at: float
    produced_at: float
    landed_at: float


def landed_updates(settings: Settings) -> list[Update]:
    """In the order of `fetched_at`; an update that several polls brought is there once, as the first brought it."""
    updates: dict[tuple[str, float], Update] = {}
    for values in sorted(_rows(settings), key=lambda row: row[COLUMNS.index("fetched_at")]):
        update = Update(*(_unix(value) if isinstance(value, datetime) else value for value in values))
        updates.setdefault((update.coin_id, update.last_updated_at), update)
    return list(updates.values())


def _rows(settings: Settings) -> Iterator[tuple[Any, ...]]:
    if settings.dbt_target is Target.POSTGRES:
        with connect(settings) as connection:
            yield from connection.execute(f"select {', '.join(COLUMNS)} from landing.crypto_prices")  # noqa: S608
    else:
        files = pyarrow.dataset.dataset(f"{settings.lake}/landing/crypto_prices", format="parquet", partitioning="hive")
        table = files.to_table(columns=list(COLUMNS))
        yield from zip(*(column.to_pylist() for column in table.columns), strict=True)


def _unix(moment: datetime) -> float:
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
