with updates as (

    select /*+ repartition(vs_currency, coin_id) */
        *,
        date_trunc('minute', last_updated_at) as bar_minute
    from {{ ref('int_bar_prices') }}

),

bars as (

    select
        coin_id,
        vs_currency,
        bar_minute,
        {{ last_known('symbol', by='last_updated_at') }} as symbol,
        {{ last_known('name', by='last_updated_at') }} as name,
        {{ first_known('price', by='last_updated_at') }} as open,
        max(price) as high,
        min(price) as low,
        {{ last_known('price', by='last_updated_at') }} as close,
        {{ last_known('market_cap', by='last_updated_at') }} as market_cap,
        {{ last_known('market_cap_rank', by='last_updated_at') }} as market_cap_rank,
        {{ last_known('volume_24h', by='last_updated_at') }} as volume_24h,
        {{ last_known('high_24h', by='last_updated_at') }} as high_24h,
        {{ last_known('low_24h', by='last_updated_at') }} as low_24h,
        {{ last_known('price_change_24h_pct', by='last_updated_at') }} as price_change_24h_pct,
        count(*) as update_count
    from updates
    group by vs_currency, coin_id, bar_minute

)

select * from bars
