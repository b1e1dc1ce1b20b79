"""Synthetic histories, landed as the stream would: every coin updated once a minute, one file per landed hour."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from uuid import uuid4

import numpy as np
import pyarrow.parquet

from benchmarks.market import Instants, Market
from stores.lake_files import PARTITION

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class History:
    """The minutes from `start` to `end`; the minute `end` is not in it, it is that of the next poll."""

    start: datetime
    end: datetime

    def slices(self, length: timedelta) -> Iterator["History"]:
        """Consecutive parts of at most this length."""
        start = self.start
        while start < self.end:
            yield History(start, min(start + length, self.end))
            start += length

    def hours(self) -> Iterator["History"]:
        """The full hours, and what there is of the first and the last."""
        start = self.start
        while start < self.end:
            next_hour = start.replace(minute=0) + HOUR
            yield History(start, min(next_hour, self.end))
            start = next_hour

    def minutes(self) -> Instants:
        return np.arange(np.datetime64(self.start, "us"), np.datetime64(self.end, "us"), np.timedelta64(MINUTE))


def land(market: Market, minutes: History, lake: str, say: Callable[[str], None]) -> None:
    """Write these minutes into the lake's landing folder."""
    for hour in minutes.hours():
        land_polls(market, hour.minutes(), lake)
        say(f"landed {hour.start:%Y-%m-%d %H:00}")


def land_polls(market: Market, instants: Instants, lake: str) -> None:
    """Write the polls at these instants, all of one hour, as one file."""
    hour = np.datetime_as_string(instants[0], unit="h")
    folder = Path(lake, "landing", "crypto_prices", f"{PARTITION}={hour}")
    folder.mkdir(parents=True, exist_ok=True)
    pyarrow.parquet.write_table(market.polls(instants), folder / f"{uuid4()}.parquet", store_schema=False)
