-- What the mart coin_overview is by its contract, made of marts.crypto_table: for tests that have no warehouse.
with newest as (
    select distinct on (coin_id, vs_currency) *
    from marts.crypto_table
    order by coin_id, vs_currency, bar_minute desc
),

as_of as (
    select vs_currency, max(bar_minute) as as_of
    from marts.crypto_table
    group by vs_currency
)

select
    newest.coin_id, newest.vs_currency, newest.symbol, newest.name, newest.bar_minute, newest.price,
    newest.market_cap, newest.market_cap_rank, newest.volume_24h, newest.price_change_1m_pct,
    newest.price_change_5m_pct, (newest.price / hour.price - 1) * 100 as price_change_1h_pct,
    (newest.price / day.price - 1) * 100 as price_change_24h_pct, null::double precision as price_change_7d_pct,
    extremes.high as high_24h_own, newest.bar_minute as high_24h_own_at, extremes.low as low_24h_own,
    newest.bar_minute as low_24h_own_at, newest.sma_20, newest.ema_20, newest.rsi_14, newest.volatility_20,
    newest.minutes_since_update + extract(epoch from as_of.as_of - newest.bar_minute)::int / 60 as minutes_since_update,
    as_of.as_of
from newest
inner join as_of on newest.vs_currency = as_of.vs_currency
left join marts.crypto_table as hour
    on newest.coin_id = hour.coin_id and newest.vs_currency = hour.vs_currency
    and hour.bar_minute = newest.bar_minute - interval '1 hour'
left join lateral (
    select before.price
    from marts.crypto_table as before
    where before.coin_id = newest.coin_id and before.vs_currency = newest.vs_currency
        and before.bar_minute <= newest.bar_minute - interval '23 hours 30 minutes'
    order by before.bar_minute desc
    limit 1
) as day on true
left join lateral (
    select max(bars.high) as high, min(bars.low) as low
    from marts.crypto_table as bars
    where bars.coin_id = newest.coin_id and bars.vs_currency = newest.vs_currency
        and bars.bar_minute > newest.bar_minute - interval '24 hours'
) as extremes on true
