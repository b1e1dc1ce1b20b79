"""Every question that the dashboard asks the marts. Each asks for what is shown and no more.

What comes from the address is a parameter; the only name that is put in is that of one of our own marts.
"""

from datetime import timedelta
from typing import Any

from psycopg import sql

from dashboard.address import BARS, SPANS, Bars
from dashboard.database import Database, Row
from health.stages import FRESHNESS

CURRENCIES = """
    select vs_currency, max(as_of) as as_of, count(*) as coins
    from marts.coin_overview
    group by vs_currency
    order by vs_currency = 'usd' desc, vs_currency
"""

OVERVIEW = """
    select
        coin_id, symbol, name, vs_currency, price, market_cap, market_cap_rank, volume_24h,
        price_change_1m_pct, price_change_5m_pct, price_change_1h_pct, price_change_24h_pct, price_change_7d_pct,
        high_24h_own, low_24h_own, rsi_14, volatility_20, bar_minute, minutes_since_update, as_of
    from marts.coin_overview
    where vs_currency = %s
    order by market_cap_rank nulls last, coin_id
"""

TOP_5 = """
    select 'gainers' as board, rank, coin_id, symbol, name, price, price_change_5m_pct, volume_24h
    from marts.top_5_gainers
    where vs_currency = %(currency)s
    union all
    select 'losers' as board, rank, coin_id, symbol, name, price, price_change_5m_pct, volume_24h
    from marts.top_5_losers
    where vs_currency = %(currency)s
    order by board, rank
"""

COIN = "select * from marts.coin_overview where coin_id = %s and vs_currency = %s"

CURRENCIES_OF_COIN = "select vs_currency from marts.coin_overview where coin_id = %s order by vs_currency"

INDICATORS = """
    sma_20, ema_20, bollinger_upper_20, bollinger_lower_20, volume_24h, rsi_14, macd, macd_signal, macd_histogram
"""

MINUTES = f"""
    select bar_minute as bar_start, open, high, low, price as close, update_count, is_filled, is_closed, {INDICATORS}
    from marts.crypto_table
    where coin_id = %(coin)s and vs_currency = %(currency)s and bar_minute > %(until)s - %(span)s
        and bar_minute <= %(until)s
    order by bar_minute
"""  # noqa: S608 names of ours

# An indicator of a longer bar is that of its last minute: the marts have no other, and it is the newest at its close.
LONGER_BARS = f"""
    select bar_start, open, high, low, close, bars.update_count, bars.update_count = 0 as is_filled, bars.is_closed,
        {INDICATORS}
    from {{mart}} as bars
    left join lateral (
        select {INDICATORS}
        from marts.crypto_table as minutes
        where minutes.coin_id = bars.coin_id and minutes.vs_currency = bars.vs_currency
            and minutes.bar_minute >= bars.bar_start and minutes.bar_minute < bars.bar_start + %(length)s
        order by minutes.bar_minute desc
        limit 1
    ) as last_minute on true
    where coin_id = %(coin)s and vs_currency = %(currency)s and bar_start > %(until)s - %(span)s
        and bar_start <= %(until)s
    order by bar_start
"""  # noqa: S608 names of ours

SPARKLINES = """
    select coin_id, array_agg(close order by bar_start) as closes
    from marts.ohlc_5m
    where vs_currency = %(currency)s and bar_start > %(until)s - %(span)s
    group by coin_id
"""
SPARKLINE_SPAN = timedelta(hours=6)


def freshness(database: Database) -> list[Row]:
    """When a publish last changed each mart: `mart`, `changed_at`."""
    return database.read(FRESHNESS)


def currencies(database: Database) -> list[Row]:
    """`vs_currency`, its newest minute `as_of`, and how many `coins` it has."""
    return database.read(CURRENCIES)


def overview(database: Database, currency: str) -> list[Row]:
    """Every coin of a currency, the largest first."""
    return database.read(OVERVIEW, [currency])


def top_5(database: Database, currency: str) -> list[Row]:
    """The rows of both rankings, told apart by `board`: gainers or losers."""
    return database.read(TOP_5, {"currency": currency})


def coin(database: Database, coin_id: str, currency: str) -> Row | None:
    rows = database.read(COIN, [coin_id, currency])
    return rows[0] if rows else None


def currencies_of_coin(database: Database, coin_id: str) -> list[str]:
    return [row["vs_currency"] for row in database.read(CURRENCIES_OF_COIN, [coin_id])]


def bars(database: Database, coin_row: Row, bars_of: Bars, span: str) -> list[Row]:
    """The bars of a coin that end at its newest minute, with the indicators of their last minutes."""
    values: dict[str, Any] = {
        "coin": coin_row["coin_id"],
        "currency": coin_row["vs_currency"],
        "until": coin_row["bar_minute"],
        "span": SPANS[span],
        "length": bars_of.length,
    }
    if bars_of is BARS["1m"]:
        return database.read(MINUTES, values)
    return database.read(sql.SQL(LONGER_BARS).format(mart=sql.Identifier("marts", bars_of.mart)), values)


def sparklines(database: Database, currency: str, until: Any) -> dict[str, list[float]]:
    """By coin, the closes of the 5-minute bars of the last 6 hours."""
    rows = database.read(SPARKLINES, {"currency": currency, "until": until, "span": SPARKLINE_SPAN})
    return {row["coin_id"]: row["closes"] for row in rows}
