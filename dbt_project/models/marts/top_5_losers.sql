with candidates as (

    select * from {{ ref('int_top_5_candidates') }}

),

losers as (

    select
        cast(rank_from_bottom as int) as rank,
        coin_id,
        symbol,
        name,
        vs_currency,
        price,
        price_change_5m_pct,
        volume_24h,
        as_of
    from candidates
    where price_change_5m_pct < 0 and rank_from_bottom <= {{ var('top_n') }}

)

select * from losers
