{#- The hours of the newest bars: those that they are compared with are 1, 24 and 168 hours before. -#}
{%- set hours = newest_bar_hours(ref('ohlc_1h')) -%}

with clocks as (

    select
        vs_currency,
        newest_minute as as_of
    from {{ ref('int_build_clocks') }}
    where build_number = {{ this_build() }}

),

bars as (

    select * from {{ ref('crypto_table') }}
    where {{ in_hours(hours) }}

),

newest_minutes as (

    select /*+ broadcast(clocks) */
        bars.coin_id,
        bars.vs_currency,
        clocks.as_of,
        max(bars.bar_minute) as bar_minute
    from bars
    inner join clocks
        on bars.vs_currency = clocks.vs_currency and bars.bar_minute > clocks.as_of - interval '24' hour
    group by bars.coin_id, bars.vs_currency, clocks.as_of

),

newest_bars as (

    select /*+ broadcast(newest_minutes) */
        bars.*,
        newest_minutes.as_of
    from bars
    inner join newest_minutes
        on
            bars.vs_currency = newest_minutes.vs_currency
            and bars.coin_id = newest_minutes.coin_id
            and bars.bar_minute = newest_minutes.bar_minute

),

reported_changes as (

    select /*+ broadcast(newest_minutes) */
        bars.coin_id,
        bars.vs_currency,
        bars.price_change_24h_pct as price_change_24h_pct_coingecko
    from {{ ref('int_minute_bars') }} as bars
    inner join newest_minutes
        on
            bars.vs_currency = newest_minutes.vs_currency
            and bars.coin_id = newest_minutes.coin_id
            and bars.bar_minute = newest_minutes.bar_minute
    where {{ in_hours(hours) }}

),

earlier_bars as (

    select /*+ broadcast(newest_minutes) */
        bars.coin_id,
        bars.vs_currency,
        bars.bar_minute,
        bars.price,
        bars.high,
        bars.low,
        {{ minutes_between('bars.bar_minute', 'newest_minutes.bar_minute') }} as minutes_before,
        bars.bar_minute < date_trunc('hour', newest_minutes.bar_minute) - interval '23' hour as is_before_whole_hours
    from {{ ref('crypto_table') }} as bars
    inner join newest_minutes
        on bars.vs_currency = newest_minutes.vs_currency and bars.coin_id = newest_minutes.coin_id
    where {{ in_hours(hours, before=[1, 24, 168]) }}

),

earlier_prices as (

    select
        coin_id,
        vs_currency,
        max(case when minutes_before = 60 then price end) as price_1h_before,
        max(case when minutes_before = 24 * 60 then price end) as price_24h_before,
        max(case when minutes_before = 7 * 24 * 60 then price end) as price_7d_before
    from earlier_bars
    group by coin_id, vs_currency

),

-- The last 24 hours are the 23 whole hours before that of the newest bar, what there is of its own, and some minutes.
bars_of_24h as (

    select /*+ broadcast(newest_minutes) */
        hour_bars.coin_id,
        hour_bars.vs_currency,
        hour_bars.high,
        hour_bars.high_at,
        hour_bars.low,
        hour_bars.low_at
    from {{ ref('ohlc_1h') }} as hour_bars
    inner join newest_minutes
        on
            hour_bars.vs_currency = newest_minutes.vs_currency
            and hour_bars.coin_id = newest_minutes.coin_id
            and hour_bars.bar_start > newest_minutes.bar_minute - interval '24' hour
    where {{ in_hours(hours, before=range(24)) }}
    union all
    select
        coin_id,
        vs_currency,
        high,
        bar_minute as high_at,
        low,
        bar_minute as low_at
    from earlier_bars
    where minutes_before < 24 * 60 and is_before_whole_hours

),

extremes as (

    select
        coin_id,
        vs_currency,
        max(high) as high_24h_own,
        {{ first_known('high_at', by='(-high, high_at)') }} as high_24h_own_at,
        min(low) as low_24h_own,
        {{ first_known('low_at', by='(low, low_at)') }} as low_24h_own_at
    from bars_of_24h
    group by coin_id, vs_currency

),

final as (

    select
        newest_bars.coin_id,
        newest_bars.vs_currency,
        newest_bars.symbol,
        newest_bars.name,
        newest_bars.bar_minute,
        newest_bars.price,
        newest_bars.market_cap,
        newest_bars.market_cap_rank,
        newest_bars.volume_24h,
        newest_bars.price_change_1m_pct,
        newest_bars.price_change_5m_pct,
        (newest_bars.price / earlier_prices.price_1h_before - 1) * 100 as price_change_1h_pct,
        (newest_bars.price / earlier_prices.price_24h_before - 1) * 100 as price_change_24h_pct,
        reported_changes.price_change_24h_pct_coingecko,
        (newest_bars.price / earlier_prices.price_7d_before - 1) * 100 as price_change_7d_pct,
        extremes.high_24h_own,
        extremes.high_24h_own_at,
        extremes.low_24h_own,
        extremes.low_24h_own_at,
        {%- for indicator in ['sma', 'ema', 'rsi', 'volatility'] %}
        newest_bars.{{ indicator }}_{{ lengths(indicator ~ '_windows')[0] }},
        {%- endfor %}
        {{ minutes_between('newest_bars.bar_minute', 'newest_bars.as_of') }}
        + newest_bars.minutes_since_update as minutes_since_update,
        newest_bars.as_of
    from newest_bars
    inner join extremes
        on newest_bars.vs_currency = extremes.vs_currency and newest_bars.coin_id = extremes.coin_id
    inner join reported_changes
        on
            newest_bars.vs_currency = reported_changes.vs_currency
            and newest_bars.coin_id = reported_changes.coin_id
    left join earlier_prices
        on newest_bars.vs_currency = earlier_prices.vs_currency and newest_bars.coin_id = earlier_prices.coin_id

)

select * from final
