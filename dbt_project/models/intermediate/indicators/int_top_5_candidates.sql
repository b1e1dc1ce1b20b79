with newest_minutes as (

    select
        vs_currency,
        newest_minute as as_of
    from {{ ref('int_build_clocks') }}
    where build_number = {{ this_build() }}

),

bars as (

    select * from {{ ref('crypto_table') }}
    where {{ newest_hours() }}

),

candidates as (

    select /*+ broadcast(newest_minutes) */
        bars.coin_id,
        bars.symbol,
        bars.name,
        bars.vs_currency,
        bars.price,
        bars.price_change_5m_pct,
        bars.volume_24h,
        newest_minutes.as_of
    from bars
    inner join newest_minutes
        on bars.vs_currency = newest_minutes.vs_currency and bars.bar_minute = newest_minutes.as_of
    where
        bars.price_change_5m_pct is not null
        and bars.minutes_since_update <= {{ var('max_stale_minutes') }}
        and bars.volume_24h >= {{ var('min_volume_24h') }}

),

ranked as (

    select
        *,
        row_number() over (
            partition by vs_currency
            order by price_change_5m_pct desc, volume_24h desc, {{ in_byte_order('coin_id') }} asc
        ) as rank_from_top,
        row_number() over (
            partition by vs_currency
            order by price_change_5m_pct asc, volume_24h desc, {{ in_byte_order('coin_id') }} asc
        ) as rank_from_bottom
    from candidates

)

select * from ranked
