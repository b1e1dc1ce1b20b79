{{ config(
    materialized='incremental', partition_by='bar_day', unique_key='bar_day', indexes=[{'columns': ['bar_day']}]
) }}

with hour_bars as (

    select
        *,
        date_trunc('day', bar_start) as day_start
    from {{ ref('ohlc_1h') }}
    where {{ hours_to_rebuild('bars', of_whole_days=true) }}

),

bars as (

    select /*+ repartition(bar_day) */
        coin_id,
        vs_currency,
        day_start as bar_start,
        {{ first_known('open', by='bar_start') }} as open,
        max(high) as high,
        min(low) as low,
        {{ last_known('close', by='bar_start') }} as close,
        cast(sum(update_count) as bigint) as update_count,
        cast(sum(minute_count) as int) as minute_count,
        bool_and(is_closed) as is_closed,
        substring(min(bar_hour), 1, 10) as bar_day
    from hour_bars
    group by coin_id, vs_currency, day_start

)

select * from bars
