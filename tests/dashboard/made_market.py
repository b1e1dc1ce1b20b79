"""A market in the marts as publish leaves them: four coins in two currencies, the last six hours, with a gap.

Its indicators are not those of its prices: the dashboard does not compute them, it shows what is there.
"""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg

from coinloom.settings import Settings
from stores.database import connect

NOW = datetime.now(UTC).replace(second=0, microsecond=0, tzinfo=None)
HOSTILE_NAME = "<script>document.title = 'taken'</script>"
HOSTILE_SYMBOL = "=cmd()"
# coin_id, symbol, name, price, market cap
COINS = [
    ("bitcoin", "btc", "Bitcoin", 94_532.92, 1.8e12),
    ("tiny", "tny", "Tiny", 1.99153e-9, 4.0e8),
    ("script", HOSTILE_SYMBOL, HOSTILE_NAME, 1.25, 1.1e12),
    ("silent", None, None, 3.5, None),
]
ONLY_IN_EURO = ("euro-only", "eur1", "Euro only", 2.0, 1.0e6)

BARS = """
    create table marts.crypto_table as
    select
        coin_id, symbol, name, vs_currency, bar_minute, price, price * 0.999 as open, price * 1.002 as high,
        price * 0.998 as low, market_cap,
        dense_rank() over (order by market_cap desc nulls last)::int as market_cap_rank,
        market_cap / 20 as volume_24h, 1::bigint as update_count, mod(n, 7) = 0 as is_filled, false as is_closed,
        0 as minutes_since_update, 0.5 * sin(n) as price_change_1m_pct, 2 * sin(n / 9.0) as price_change_5m_pct,
        price * 1.0003 as sma_20, price * 0.9996 as ema_20, 0.0005 as volatility_20, price * 0.0001 as macd,
        price * 0.00008 as macd_signal, price * 0.00002 as macd_histogram, 50 + 20 * sin(n / 11.0) as rsi_14,
        price * 1.005 as bollinger_upper_20, price * 0.995 as bollinger_lower_20
    from (
        select *, base * (1 + 0.02 * sin(n / 25.0) + 0.00001 * n) as price
        from made_coins
        cross join (values ('usd'), ('eur')) as currencies (vs_currency)
        cross join generate_series(0, 359) as n
        cross join lateral (select %(now)s::timestamp - (359 - n) * interval '1 minute' as bar_minute) as minutes
        where n not between 300 and 320 and (vs_currency = 'eur' or coin_id <> 'euro-only')
    ) as prices
"""
LONGER = """
    create table marts.{mart} as
    select
        coin_id, vs_currency, date_bin(%(length)s, bar_minute, '2020-01-01') as bar_start,
        (array_agg(open order by bar_minute))[1] as open, max(high) as high, min(low) as low,
        (array_agg(price order by bar_minute desc))[1] as close, sum(update_count)::bigint as update_count,
        count(*)::int as minute_count, false as is_closed
    from marts.crypto_table
    group by 1, 2, 3
"""
TOP_5 = """
    create table marts.{mart} as
    select
        rank() over (partition by vs_currency order by {sign} * price_change_5m_pct desc, coin_id)::int as rank,
        coin_id, symbol, name, vs_currency, price, {sign} * abs(price_change_5m_pct) as price_change_5m_pct,
        volume_24h, bar_minute as as_of
    from marts.crypto_table
    where bar_minute = %(now)s
"""
OVERVIEW = Path(__file__).with_name("made_overview.sql").read_text(encoding="utf-8")
MARTS = ("coin_overview", "crypto_table", "ohlc_5m", "ohlc_1h", "ohlc_1d", "top_5_gainers", "top_5_losers")
PUBLISH = """
    insert into publishing.changed_marts (mart, changed_at)
    select mart, clock_timestamp() from unnest(%s::text[]) as mart
    on conflict (mart) do update set changed_at = excluded.changed_at
"""


def make_market(settings: Settings) -> None:
    """Make every mart anew, and note that they were published."""
    with connect(settings) as connection:
        connection.cursor_factory = psycopg.ClientCursor  # `create table as` takes no parameters
        connection.execute(
            "create temporary table made_coins "
            "(coin_id text, symbol text, name text, base double precision, market_cap double precision) on commit drop"
        )
        with connection.cursor() as cursor:
            cursor.executemany("insert into made_coins values (%s, %s, %s, %s, %s)", [*COINS, ONLY_IN_EURO])
        connection.execute(BARS, {"now": NOW})
        for mart, length in (("ohlc_5m", 5), ("ohlc_1h", 60), ("ohlc_1d", 1440)):
            connection.execute(LONGER.format(mart=mart), {"length": timedelta(minutes=length)})
        for mart, sign in (("top_5_gainers", 1), ("top_5_losers", -1)):
            connection.execute(TOP_5.format(mart=mart, sign=sign), {"now": NOW})
        connection.execute("create table marts.coin_overview as " + OVERVIEW)
        connection.execute(PUBLISH, [list(MARTS)])


def publish_price(settings: Settings, coin: str, price: float) -> None:
    """What a publish does when one coin has a new price in its newest minute, in US dollars."""
    newest = "coin_id = %s and vs_currency = 'usd' and bar_minute = %s"
    with connect(settings) as connection:
        connection.execute(f"update marts.crypto_table set price = %s where {newest}", [price, coin, NOW])  # noqa: S608
        connection.execute(f"update marts.coin_overview set price = %s where {newest}", [price, coin, NOW])  # noqa: S608
        connection.execute(PUBLISH, [["coin_overview", "crypto_table"]])
