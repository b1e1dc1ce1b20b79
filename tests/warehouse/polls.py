"""The rows of a history: what every poll and every load of it brings, in the order of arrival.

All times are UTC, without zone, with milliseconds.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

import numpy as np
import polars as pl
from numpy.typing import ArrayLike

from ingestion.messages import Source
from tests.warehouse.history import LENGTH, START, Backfill, ClockJump, Disturbances, History, Segment, Series

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS

Random = np.random.Generator


def updates(history: History) -> pl.DataFrame:
    """Every row that is ever polled or loaded, with its `arrival`."""
    random = np.random.default_rng(history.seed)
    polled = [_polled(series, series.first_minute, series.segments, random) for series in history.series]
    dormant = [_dormant(rows, series.dormant_hours) for rows, series in zip(polled, history.series, strict=True)]
    loaded = [
        _loaded(backfill, history.series[backfill.series], polled[backfill.series], random)
        for backfill in history.backfills
    ]
    jumped = [_jumped(jump, polled[jump.series]) for jump in history.clock_jumps]
    live = _disturbed(pl.concat(polled), history.disturbances, random)
    return pl.concat([live, *dormant, *loaded, *jumped]).sort("arrival", maintain_order=True)


def _polled(series: Series, first_minute: int, segments: Sequence[Segment], random: Random) -> pl.DataFrame:
    return _rows(series, _times(_minutes(first_minute, segments, random), random), random)


def _minutes(first_minute: int, segments: Sequence[Segment], random: Random) -> list[int]:
    """One for each update. The first and last minute of a segment have one, so that gaps are as long as they say."""
    minutes: list[int] = []
    end = first_minute
    for segment in segments:
        start, end = end + segment.silence, end + segment.silence + segment.minutes
        inner = np.arange(start, end)
        once, twice = (inner[random.random(len(inner)) < segment.rate - before] for before in (0, 1))
        minutes += sorted({start, end - 1, *once.tolist()}) + twice.tolist()
    return [minute for minute in minutes if minute < LENGTH // timedelta(minutes=1)]


def _times(minutes: list[int], random: Random) -> list[datetime]:
    milliseconds = random.choice([0, 59_999, *range(1, 59_999, 101)], len(minutes)).tolist()
    times = zip(minutes, milliseconds, strict=True)
    return sorted(START + timedelta(minutes=minute, milliseconds=after) for minute, after in times)


def _rows(series: Series, times: list[datetime], random: Random) -> pl.DataFrame:
    """Live rows with a random walk of prices; each value but the price is missing in one of ten."""
    n = len(times)
    rows = pl.DataFrame(
        {
            "coin_id": [f"coin-{series.coin}"] * n,
            "vs_currency": [series.vs_currency] * n,
            "last_updated_at": pl.Series(times, dtype=pl.Datetime("us")),
            "price": series.level * np.exp(np.cumsum(random.normal(0, series.step, n))),
            "symbol": [f"c{series.coin}"] * n,
            "market_cap": random.uniform(1e3, 1e12, n),
            "market_cap_rank": random.integers(1, 5_000, n),
            "volume_24h": random.choice([1e4, 49_999.99, 5e4, 1e6, 3e9], n),
            "high_24h": random.uniform(1, 2, n) * series.level,
            "source": [Source.LIVE.value] * n,
        }
    )
    values = rows.columns[4:-1]
    missing = [pl.when(pl.Series(random.random(n) >= 0.1)).then(name).alias(name) for name in values]
    return _fetched(rows.with_columns(missing), random.integers(0, 60_000, n))


def _fetched(rows: pl.DataFrame, after_ms: ArrayLike) -> pl.DataFrame:
    """The rows, fetched so long after their event time, and arriving at once."""
    delays = pl.Series(np.broadcast_to(np.asarray(after_ms, dtype=np.int64), rows.height))
    fetched_at = pl.col("last_updated_at") + delays * pl.duration(milliseconds=1)
    return rows.with_columns(fetched_at=fetched_at, arrival=fetched_at)


def _disturbed(rows: pl.DataFrame, disturbances: Disturbances, random: Random) -> pl.DataFrame:
    shuffled = rows[random.permutation(rows.height)]
    slow, rest = shuffled.head(disturbances.slow), shuffled.slice(disturbances.slow)
    too_late, in_time = rest.head(disturbances.too_late), rest.slice(disturbances.too_late)
    slow_ms = random.choice([DAY_MS, *random.integers(0, DAY_MS, 50)], slow.height)
    too_late_ms = DAY_MS + random.choice([1, 5 * HOUR_MS, 240 * HOUR_MS], too_late.height)
    once = pl.concat([in_time, _fetched(slow, slow_ms), _fetched(too_late, too_late_ms)])
    again = _sample(once, disturbances.duplicates, random).with_columns(
        _later("fetched_at", 30_000), _later("arrival", 30_000)
    )
    live = pl.concat([once, again, _revised(_sample(once, disturbances.revisions, random), random)])
    return _straggling(live, disturbances.stragglers, random)


def _revised(rows: pl.DataFrame, random: Random) -> pl.DataFrame:
    """Other values for the same keys, fetched before, with or after the row there is, and landed before or after it."""
    fetched = random.choice([-1, 0, 1, 30_000, HOUR_MS], rows.height)
    arrived = random.choice([-1_000, 1_000, HOUR_MS], rows.height)
    price = pl.col("price") * random.uniform(0.9, 1.1, rows.height)
    return rows.with_columns(price, _later("fetched_at", fetched), _later("arrival", arrived), market_cap=pl.lit(1.0))


def _straggling(rows: pl.DataFrame, count: int, random: Random) -> pl.DataFrame:
    delays = np.zeros(rows.height, dtype=np.int64)
    delays[random.permutation(rows.height)[:count]] = random.integers(0, 72 * HOUR_MS, min(count, rows.height))
    return rows.with_columns(_later("arrival", delays))


def _dormant(rows: pl.DataFrame, hours: int) -> pl.DataFrame:
    """The last update of a series, polled on every 20 minutes, and just when it becomes too late."""
    after_ms = [*range(0, hours * HOUR_MS, 20 * 60_000), *([DAY_MS, DAY_MS + 1] if hours > 24 else [])]
    last = rows.sort("last_updated_at").tail(1)
    return _fetched(pl.concat([last.clear(), *[last] * len(after_ms)]), after_ms)


def _loaded(backfill: Backfill, series: Series, polled: pl.DataFrame, random: Random) -> pl.DataFrame:
    new = _polled(series, 0, [backfill.stretch], random)
    known = _sample(polled, backfill.revisions, random).with_columns(pl.col("price") * 1.01)
    loaded_at = pl.lit(START + timedelta(hours=backfill.fetched_hour))
    source = pl.lit(Source.BACKFILL.value)
    return pl.concat([new, known]).with_columns(source=source, fetched_at=loaded_at, arrival=loaded_at)


def _jumped(jump: ClockJump, polled: pl.DataFrame) -> pl.DataFrame:
    now = START + timedelta(hours=jump.hour)
    ahead = timedelta(hours=jump.hours_ahead)
    event_time = now + ahead if jump.moves_event_time else now
    return polled.head(1).with_columns(
        last_updated_at=pl.lit(event_time), fetched_at=pl.lit(now + ahead), arrival=pl.lit(now)
    )


def _sample(rows: pl.DataFrame, count: int, random: Random) -> pl.DataFrame:
    return rows[random.permutation(rows.height)[:count]]


def _later(column: str, milliseconds: ArrayLike) -> pl.Expr:
    delays = pl.lit(pl.Series(np.atleast_1d(np.asarray(milliseconds, dtype=np.int64))))
    return (pl.col(column) + delays * pl.duration(milliseconds=1)).alias(column)
