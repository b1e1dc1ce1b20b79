with bars as (

    select * from {{ ref('int_minute_bars_filled') }}

),

clocks as (

    select * from {{ ref('int_currency_clocks') }}

),

final as (

    select
        bars.coin_id,
        bars.vs_currency,
        bars.bar_minute,
        bars.segment_started_at,
        {{ minutes_between('bars.segment_started_at', 'bars.bar_minute') }} as segment_minute,
        bars.symbol,
        bars.name,
        bars.open,
        bars.high,
        bars.low,
        bars.close,
        bars.market_cap,
        bars.market_cap_rank,
        bars.volume_24h,
        bars.high_24h,
        bars.low_24h,
        bars.update_count,
        bars.minutes_since_update > 0 as is_filled,
        clocks.newest_fetched_at
        >= bars.bar_minute + interval '1' minute + interval '{{ var("max_lateness_hours") }}' hour as is_closed,
        bars.minutes_since_update
    from bars
    inner join clocks on bars.vs_currency = clocks.vs_currency

)

select * from final
