"""The expected coin_overview, by polars from the expected crypto_table: by the minute, where the model reads hours."""

from datetime import timedelta

import polars as pl

from tests.warehouse.reference import KEY, MINUTE

COIN = ["coin_id", "vs_currency"]
DAY = timedelta(days=1)
COMPARED_WITH = {"1h": timedelta(hours=1), "24h": DAY, "7d": 7 * DAY}
INDICATORS = ("price_change_1m_pct", "price_change_5m_pct", "sma_20", "ema_20", "rsi_14", "volatility_20")


def expected_overview(table: pl.DataFrame) -> pl.DataFrame:
    """One row per coin and currency, from the rows of `expected_table`."""
    newest = pl.max("bar_minute").over("vs_currency").alias("as_of")
    of_a_day = table.with_columns(newest).filter(pl.col("bar_minute") > pl.col("as_of") - DAY)
    overview = of_a_day.filter(pl.col("bar_minute") == pl.max("bar_minute").over(COIN))
    age = (pl.col("as_of") - pl.col("bar_minute")).dt.total_minutes().cast(pl.Int32)
    overview = overview.select(*KEY, "price", *INDICATORS, pl.col("minutes_since_update") + age, "as_of")
    for name, length in COMPARED_WITH.items():
        earlier = table.select(*COIN, pl.col("bar_minute") + length, pl.col("price").alias("earlier"))
        change = ((pl.col("price") / pl.col("earlier") - 1) * 100).alias(f"price_change_{name}_pct")
        overview = overview.join(earlier, on=KEY, how="left").with_columns(change).drop("earlier")
    return overview.join(_extremes(table, overview), on=COIN)


def _extremes(table: pl.DataFrame, overview: pl.DataFrame) -> pl.DataFrame:
    """High and low of the 24 hours up to each coin's bar of the overview, and the first minute of each."""
    until = overview.select(*COIN, pl.col("bar_minute").alias("until"))
    past = table.join(until, on=COIN).filter(pl.col("bar_minute").is_between(pl.col("until") - DAY + MINUTE, "until"))
    minute, high, low = pl.col("bar_minute"), pl.col("high"), pl.col("low")
    return past.group_by(COIN).agg(
        high.max().alias("high_24h_own"),
        minute.filter(high == high.max()).min().alias("high_24h_own_at"),
        low.min().alias("low_24h_own"),
        minute.filter(low == low.min()).min().alias("low_24h_own_at"),
    )
