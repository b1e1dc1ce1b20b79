{{ config(severity='warn') }}

-- CoinGecko's change ends at its own last update and begins 24 hours before it, ours at minutes of our bars: a coin may
-- differ. If many do, our prices or theirs are wrong.
with compared as (

    select
        vs_currency,
        case
            when
                abs(price_change_24h_pct - price_change_24h_pct_coingecko) > 1 + 0.1 * abs(price_change_24h_pct)
                then 1
            else 0
        end as differs
    from {{ ref('coin_overview') }}
    where
        price_change_24h_pct is not null
        and price_change_24h_pct_coingecko is not null
        and minutes_since_update <= {{ var('max_stale_minutes') }}

)

select
    vs_currency,
    count(*) as coins,
    sum(differs) as coins_that_differ
from compared
group by vs_currency
having sum(differs) > 0.1 * count(*)
