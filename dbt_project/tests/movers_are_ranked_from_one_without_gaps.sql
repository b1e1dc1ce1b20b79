{{ config(tags=['every_build']) }}

-- And each coin once, gainers above zero, losers below: so no coin is both.
with movers as (

    select
        'gainers' as side,
        vs_currency,
        coin_id,
        rank,
        price_change_5m_pct as gain
    from {{ ref('top_5_gainers') }}
    union all
    select
        'losers' as side,
        vs_currency,
        coin_id,
        rank,
        -price_change_5m_pct as gain
    from {{ ref('top_5_losers') }}

)

select
    side,
    vs_currency
from movers
group by side, vs_currency
having
    min(rank) <> 1
    or max(rank) <> count(*)
    or count(*) > {{ var('top_n') }}
    or count(distinct coin_id) <> count(*)
    or min(gain) <= 0
