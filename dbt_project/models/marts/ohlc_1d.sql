{{ config(
    materialized='incremental', partition_by='bar_day', unique_key='bar_day', indexes=[{'columns': ['bar_day']}]
) }}

with hour_bars as (

    select
        *,
        date_trunc('day', bar_start) as day_start,
        substring(bar_hour, 1, 10) as bar_day
    from {{ ref('ohlc_1h') }}
    where {{ hours_to_rebuild('bars', of_whole_days=true) }}

),

clocks as (

    select * from {{ ref('int_build_clocks') }}
    where build_number = {{ this_build() }}

),

bars as (

    select
        coin_id,
        vs_currency,
        day_start as bar_start,
        {{ first_known('open', by='bar_start') }} as open,
        max(high) as high,
        min(low) as low,
        {{ last_known('close', by='bar_start') }} as close,
        cast(sum(update_count) as bigint) as update_count,
        cast(sum(minute_count) as int) as minute_count,
        bar_day
    from hour_bars
    group by coin_id, vs_currency, day_start, bar_day

),

-- A day is closed when its last hour is, also if the coin has no bar in that hour yet.
final as (

    select /*+ broadcast(clocks), repartition(bar_day) */
        bars.coin_id,
        bars.vs_currency,
        bars.bar_start,
        bars.open,
        bars.high,
        bars.low,
        bars.close,
        bars.update_count,
        bars.minute_count,
        clocks.newest_fetched_at
        >= bars.bar_start + interval '{{ var("max_lateness_hours") + 24 }}' hour as is_closed,
        bars.bar_day
    from bars
    inner join clocks on bars.vs_currency = clocks.vs_currency

)

select * from final
