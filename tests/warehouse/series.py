"""Price histories that are hard on indicators, always the same ones; and those of a file.

A history is a list of minutes, each the tuple of prices seen in it; an empty tuple is a minute without update. All
histories of a currency end at its newest minute, so that none is filled at its end unless it says so.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl

History = list[tuple[float, ...]]

NEWEST_MINUTE = {"usd": datetime(2026, 3, 10, 12, 0), "eur": datetime(2026, 3, 10, 11, 53)}
SECONDS = (0.0, 31.25, 59.999)  # of the first, second and third update of a minute
LENGTHS_AROUND_A_FIRST_VALUE = (2, 5, 6, 14, 15, 19, 20, 21, 25, 26, 33, 34, 35)


def all_updates() -> pl.DataFrame:
    """Every history in usd, and some again in eur: coin_id, vs_currency, last_updated_at (UTC), price."""
    histories = all_histories()
    in_euro = ("random_walk", "gap_of_10_minutes", "three_updates_a_minute", "silent_for_4_minutes")
    return pl.concat(
        [updates(coin, "usd", history) for coin, history in histories.items()]
        + [updates(coin, "eur", histories[coin]) for coin in in_euro]
    )


def read_updates(path: Path) -> pl.DataFrame:
    """The prices of a CSV, plain or gzipped, in usd: coin_id, vs_currency, last_updated_at (UTC), price.

    Not read as `coinloom load` reads them: that is part of what is checked.
    """
    file = pl.read_csv(path, columns=["coin_id", "last_updated_at", "price"], schema_overrides={"price": pl.Float64})
    instants = pl.col("last_updated_at").str.to_datetime(time_zone="UTC").dt.replace_time_zone(None)
    return file.select("coin_id", pl.lit("usd").alias("vs_currency"), instants, "price")


def all_histories() -> dict[str, History]:
    """By coin id."""
    return moves() | levels() | gaps() | {f"bars_{n}": walk(n, seed=n) for n in LENGTHS_AROUND_A_FIRST_VALUE}


def moves() -> dict[str, History]:
    """The ways a price can go."""
    trend = 100 * 1.0003 ** np.arange(300)
    return {
        "trend": single(trend),
        "turning_trend": single([*trend, *trend[-1] * 0.9997 ** np.arange(1, 600)]),
        "random_walk": walk(600, seed=1),
        "three_updates_a_minute": [prices for (price,) in walk(300, seed=2) for prices in [_around(price)]],
        "flat": single([0.1] * 200),
        "flat_then_jump": single([1.0] * 60 + [1.1] * 500),  # RSI's averages fade below its null rule
        "alternating": single([100.0, 101.0] * 150),
        "spike": single([*np.ravel(walk(100, seed=3)), 1e6, *np.ravel(walk(500, seed=4))]),
        "long": walk(12_000, seed=5),
    }


def levels() -> dict[str, History]:
    """The same walk at prices far below and above 1, and with hardly a movement."""
    return {
        "level_1e-11": walk(300, seed=6, level=5.6e-11),
        "level_1e6": walk(300, seed=6, level=1e6),
        "pegged": walk(300, seed=6, step=1e-8),
    }


def gaps() -> dict[str, History]:
    """Minutes without update: bridged up to 10, a new segment after 11."""
    return {
        "gap_of_1_minute": with_gap(1),
        "gap_of_10_minutes": with_gap(10),
        "gap_of_11_minutes": with_gap(11),
        "gap_of_hours": with_gap(250),
        "many_gaps": [*with_gap(4), *with_gap(7), *with_gap(10), *with_gap(30)],
        "one_bar": walk(1, seed=7),
        "one_bar_long_ago": walk(1, seed=7) + silence(90),
        "silent_for_4_minutes": walk(60, seed=8) + silence(4),
        "silent_for_20_minutes": walk(60, seed=9) + silence(20),
    }


def updates(coin_id: str, vs_currency: str, history: History) -> pl.DataFrame:
    """The history as updates, its last minute being the currency's newest."""
    first = NEWEST_MINUTE[vs_currency] - timedelta(minutes=len(history) - 1)
    rows = [
        (coin_id, vs_currency, first + timedelta(minutes=minute, seconds=second), price)
        for minute, prices in enumerate(history)
        for second, price in zip(SECONDS, prices, strict=False)
    ]
    return pl.DataFrame(rows, schema=["coin_id", "vs_currency", "last_updated_at", "price"], orient="row")


def walk(minutes: int, seed: int, level: float = 1.0, step: float = 1e-3) -> History:
    """A random walk of log prices, one update a minute; `step` is the deviation of a minute's log return."""
    steps = np.random.default_rng(seed).normal(0, step, minutes)
    return single(level * np.exp(np.cumsum(steps)))


def with_gap(minutes: int) -> History:
    return walk(50, seed=minutes) + silence(minutes) + walk(50, seed=minutes + 1)


def single(prices: Iterable[float]) -> History:
    return [(float(price),) for price in prices]


def silence(minutes: int) -> History:
    return [()] * minutes


def _around(price: float) -> tuple[float, ...]:
    return price, price * 1.002, price * 0.999
