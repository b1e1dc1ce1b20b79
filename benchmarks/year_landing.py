"""A year of polls as the stream leaves them: a file for each batch, named by the query and the batch."""

from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import numpy as np
import pyarrow.parquet

from benchmarks.history import History
from benchmarks.market import Instants, Market
from stores.lake_files import PARTITION

POLL_INTERVAL = timedelta(seconds=30)


class Batches:
    """Of one query of the stream; each poll is one batch."""

    def __init__(self, market: Market, lake: str) -> None:
        self._market = market
        self._landing = Path(lake, "landing", "crypto_prices")
        self._query = str(uuid4())
        self._next = 0

    def land(self, period: History) -> int:
        """All polls of the period; returns how many they were. The market makes an hour of them at once."""
        first = self._next
        for hour in period.hours():
            self._land_hour(_polls(hour))
        return self._next - first

    def _land_hour(self, instants: Instants) -> None:
        folder = self._landing / f"{PARTITION}={np.datetime_as_string(instants[0], unit='h')}"
        folder.mkdir(parents=True, exist_ok=True)
        rows = self._market.polls(instants)
        rows_per_poll = rows.num_rows // len(instants)
        for poll in range(len(instants)):
            file = folder / f"{self._query}-{self._next:010d}.parquet"
            pyarrow.parquet.write_table(rows.slice(poll * rows_per_poll, rows_per_poll), file, store_schema=False)
            self._next += 1


def _polls(hour: History) -> Instants:
    interval = np.timedelta64(POLL_INTERVAL)
    return np.arange(np.datetime64(hour.start, "us"), np.datetime64(hour.end, "us"), interval)
