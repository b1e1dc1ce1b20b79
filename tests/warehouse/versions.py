"""Which version of an update counts, in plain Python, as the contract says."""

from datetime import timedelta
from typing import Any

import polars as pl

from ingestion.messages import Source

UPDATE = ["coin_id", "vs_currency", "last_updated_at"]
MAX_LATENESS = timedelta(hours=24)


def winning_versions(landed: pl.DataFrame) -> pl.DataFrame:
    """Of the landed rows, one for each update: not too late, fetched last, and then with the highest offset."""
    winners: dict[tuple[Any, ...], dict[str, Any]] = {}
    for row in landed.iter_rows(named=True):
        if row["source"] != Source.BACKFILL and row["fetched_at"] - row["last_updated_at"] > MAX_LATENESS:
            continue
        key = tuple(row[name] for name in UPDATE)
        best = winners.get(key)
        if best is None or _rank(row) > _rank(best):
            winners[key] = row
    return pl.DataFrame(list(winners.values()), schema=landed.schema)


def _rank(row: dict[str, Any]) -> tuple[Any, ...]:
    return row["fetched_at"], row["kafka_offset"]
