"""`python -m benchmarks.polars_refresh LAKE OUT`: the three tables as one would compute them in polars.

Frames are sorted by coin and time from the first step on. What each column means is in the dbt project's docs.
"""

import sys
from datetime import timedelta
from pathlib import Path

import polars as pl

from benchmarks.outputs import BARS, CRYPTO_TABLE, PARTITION, UPDATES

COIN = ["coin_id", "vs_currency"]
SEGMENT = [*COIN, "segment_started_at"]
MINUTE = pl.duration(minutes=1)
MAX_FILL_MINUTES = 10
MAX_LATENESS_HOURS = 24
MARKET_DATA = ("market_cap", "market_cap_rank", "volume_24h", "high_24h", "low_24h", "price_change_24h_pct")
MINUTES_PER_YEAR = 525_600
NO_MOVEMENT = 1e-12  # of the price: what rounding leaves of a price that stands still
RSI_LENGTH = 14
MEMORY = pl.duration(hours=16)


def main(lake: Path, out: Path) -> None:
    updates = deduplicated(pl.scan_parquet(lake / "landing" / "crypto_prices" / "*" / "*.parquet"))
    _write(updates, out / UPDATES)
    bars = minute_bars(updates)
    _write(bars, out / BARS)
    _write(with_indicators(bars), out / CRYPTO_TABLE)


def deduplicated(landed: pl.LazyFrame) -> pl.DataFrame:
    """The newest version of each update that came in time."""
    key = [*COIN, "last_updated_at"]
    age = pl.col("fetched_at") - pl.col("last_updated_at")
    is_backfill = pl.col("source").eq("backfill").fill_null(value=False)
    return (
        landed.filter(is_backfill | (age <= timedelta(hours=MAX_LATENESS_HOURS)))
        .with_columns(pl.selectors.datetime().dt.replace_time_zone(None))
        .sort(*key, "fetched_at", "kafka_offset", descending=[False] * len(key) + [True, True])
        .unique(key, keep="first", maintain_order=True)
        .with_columns(_hour_of("last_updated_at"))
        .collect()
    )


def minute_bars(updates: pl.DataFrame) -> pl.DataFrame:
    """A bar for each minute with updates, carried into the minutes after it that have none."""
    minute = pl.col("bar_minute")
    newest_minute = minute.max().over("vs_currency")
    next_minute = minute.shift(-1).over(COIN).fill_null(newest_minute + MINUTE)
    missing_minutes = (next_minute - minute).dt.total_minutes() - 1
    is_filled = pl.col("minutes_since_update") > 0
    end_of_lateness = minute.dt.truncate("1h") + pl.duration(hours=MAX_LATENESS_HOURS + 1)
    return (
        updates.lazy()
        .with_columns(pl.max("fetched_at").over("vs_currency").alias("newest_fetched_at"))
        .group_by(*COIN, pl.col("last_updated_at").dt.truncate("1m").alias("bar_minute"), maintain_order=True)
        .agg(
            pl.col("symbol", "name").last(ignore_nulls=True),
            pl.first("price").alias("open"),
            pl.max("price").alias("high"),
            pl.min("price").alias("low"),
            pl.last("price").alias("close"),
            pl.col(MARKET_DATA).last(ignore_nulls=True),
            pl.len().alias("update_count"),
            pl.first("newest_fetched_at"),
        )
        .with_columns(pl.int_ranges(missing_minutes.clip(0, MAX_FILL_MINUTES) + 1).alias("minutes_since_update"))
        .explode("minutes_since_update")
        .with_columns(
            minute + pl.col("minutes_since_update") * MINUTE,
            pl.when(~is_filled).then(pl.col("open", "high", "low")).otherwise("close"),
            pl.when(is_filled).then(0).otherwise("update_count").alias("update_count"),
            is_filled.alias("is_filled"),
        )
        .with_columns(_hour_of("bar_minute"), is_closed=end_of_lateness <= pl.col("newest_fetched_at"))
        .drop("newest_fetched_at")
        .collect()
    )


def with_indicators(bars: pl.DataFrame) -> pl.DataFrame:
    """crypto_table: every indicator over the bars of one segment."""
    follows = pl.col("bar_minute").diff().over(COIN) == timedelta(minutes=1)
    started_at = pl.when(~follows.fill_null(value=False)).then("bar_minute")
    close = pl.col("close")
    move = close.diff()
    return (
        bars.lazy()
        .with_columns(started_at.forward_fill().over(COIN).alias("segment_started_at"))
        .with_columns(
            price_change_1m_pct=((close / close.shift(1) - 1) * 100).over(SEGMENT),
            price_change_5m_pct=((close / close.shift(5) - 1) * 100).over(SEGMENT),
            sma_20=close.rolling_mean(20).over(SEGMENT),
            ema_20=_ema(close, 20).over(SEGMENT),
            ema_12=_ema(close, 12).over(SEGMENT),
            ema_26=_ema(close, 26).over(SEGMENT),
            volatility_20=(close / close.shift(1)).log().rolling_std(20).over(SEGMENT),
            average_gain_14=_wilder(move.clip(lower_bound=0)).over(SEGMENT),
            average_loss_14=_wilder(-move.clip(upper_bound=0)).over(SEGMENT),
            deviation_20=close.rolling_std(20, ddof=0).over(SEGMENT),
        )
        .with_columns(macd=pl.col("ema_12") - pl.col("ema_26"))
        .with_columns(
            volatility_20_annualised=pl.col("volatility_20") * MINUTES_PER_YEAR**0.5,
            macd_signal=_ema(pl.col("macd"), 9).over(SEGMENT),
            rsi_14=_rsi(pl.col("average_gain_14"), pl.col("average_loss_14")),
            bollinger_middle_20=pl.col("sma_20"),
            bollinger_upper_20=pl.col("sma_20") + 2 * pl.col("deviation_20"),
            bollinger_lower_20=pl.col("sma_20") - 2 * pl.col("deviation_20"),
        )
        .with_columns(
            macd_histogram=pl.col("macd") - pl.col("macd_signal"),
            segment_started_at=pl.max_horizontal("segment_started_at", pl.col("bar_minute").dt.truncate("1h") - MEMORY),
        )
        .rename({"close": "price"})
        .drop("deviation_20", "price_change_24h_pct")
        .collect()
    )


def _ema(values: pl.Expr, n: int) -> pl.Expr:
    """Seeded with the first value there is, null before the n-th."""
    return values.ewm_mean(span=n, adjust=False, min_samples=n)


def _wilder(moves: pl.Expr) -> pl.Expr:
    """Wilder's average: seeded with the mean of the first moves, null before."""
    at = pl.int_range(pl.len())
    seeded = pl.when(at == RSI_LENGTH).then(moves.rolling_mean(RSI_LENGTH)).when(at > RSI_LENGTH).then(moves)
    return seeded.ewm_mean(alpha=1 / RSI_LENGTH, adjust=False)


def _rsi(gain: pl.Expr, loss: pl.Expr) -> pl.Expr:
    return pl.when(gain + loss >= NO_MOVEMENT * pl.col("close")).then(100 * gain / (gain + loss))


def _hour_of(instant: str) -> pl.Expr:
    return pl.col(instant).dt.to_string("%Y-%m-%dT%H").alias(PARTITION)


def _write(table: pl.DataFrame, folder: Path) -> None:
    table.write_parquet(folder, partition_by=PARTITION, mkdir=True)


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
