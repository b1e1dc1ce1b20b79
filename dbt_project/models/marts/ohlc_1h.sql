{{ config(
    materialized='incremental', partition_by='bar_hour', unique_key='bar_hour', indexes=[{'columns': ['bar_hour']}]
) }}

with minute_bars as (

    select
        *,
        date_trunc('hour', bar_minute) as bar_start
    from {{ ref('int_minute_bars') }}
    where {{ hours_to_rebuild('bars') }}

),

bars as (

    select /*+ repartition(bar_hour) */
        coin_id,
        vs_currency,
        bar_start,
        {{ first_known('open', by='bar_minute') }} as open,
        max(high) as high,
        {{ first_known('bar_minute', by='(-high, bar_minute)') }} as high_at,
        min(low) as low,
        {{ first_known('bar_minute', by='(low, bar_minute)') }} as low_at,
        {{ last_known('close', by='bar_minute') }} as close,
        cast(sum(update_count) as bigint) as update_count,
        cast(count(*) as int) as minute_count,
        bool_and(is_closed) as is_closed,
        bar_hour
    from minute_bars
    group by coin_id, vs_currency, bar_start, bar_hour

)

select * from bars
