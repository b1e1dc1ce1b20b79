with movers as (

    select
        'gainers' as side,
        vs_currency,
        rank
    from {{ ref('top_5_gainers') }}
    union all
    select
        'losers' as side,
        vs_currency,
        rank
    from {{ ref('top_5_losers') }}

)

select
    side,
    vs_currency
from movers
group by side, vs_currency
having min(rank) <> 1 or max(rank) <> count(*) or count(*) > {{ var('top_n') }}
