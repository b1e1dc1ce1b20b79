{{ config(
    materialized='incremental', partition_by='bar_hour', unique_key='bar_hour', indexes=[{'columns': ['bar_hour']}]
) }}

with bars as (

    select
        *,
        {{ hour_of('bar_minute') }} as bar_hour
    from {{ ref('int_minute_bars_filled') }}

),

final as (

    select /*+ repartition(bar_hour) */
        coin_id,
        vs_currency,
        bar_minute,
        symbol,
        name,
        open,
        high,
        low,
        close,
        market_cap,
        market_cap_rank,
        volume_24h,
        high_24h,
        low_24h,
        price_change_24h_pct,
        update_count,
        minutes_since_update > 0 as is_filled,
        newest_fetched_at
        >= date_trunc('hour', bar_minute) + interval '{{ var("max_lateness_hours") + 1 }}' hour as is_closed,
        minutes_since_update,
        bar_hour
    from bars
    where {{ hours_to_rebuild('bars') }}

)

select * from final
