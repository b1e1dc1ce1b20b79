{#- The hours of the newest bars: those that they are compared with are 1, 24 and 168 hours before. -#}
{%- set hours = newest_bar_hours(ref('ohlc_1h')) -%}
{%- set indicators = [
    'sma_' ~ lengths('sma_windows')[0], 'ema_' ~ lengths('ema_windows')[0], 'rsi_' ~ lengths('rsi_windows')[0],
    'volatility_' ~ lengths('volatility_windows')[0]
] -%}
{%- set of_newest_bar = indicators + [
    'symbol', 'name', 'price', 'market_cap', 'market_cap_rank', 'volume_24h', 'price_change_1m_pct', 'price_change_5m_pct',
    'minutes_since_update'
] -%}
{%- set of_coin = of_newest_bar + [
    'price_1h_before', 'price_24h_before', 'price_7d_before', 'first_high', 'first_high_at', 'first_low', 'first_low_at'
] -%}

with clocks as (

    select
        vs_currency,
        newest_minute as as_of
    from {{ ref('int_build_clocks') }}
    where build_number = {{ this_build() }}

),

minutes as (

    select /*+ broadcast(clocks) */
        bars.*,
        clocks.as_of,
        max(bars.bar_minute) over (partition by bars.vs_currency, bars.coin_id) as newest_minute
    from {{ ref('crypto_table') }} as bars
    inner join clocks on bars.vs_currency = clocks.vs_currency
    where {{ in_hours(hours, before=[0, 1, 24, 168]) }}

),

-- The last 24 hours are the hour of the newest bar, the 23 whole hours before it, and these minutes of the one before.
marked as (

    select
        *,
        {{ minutes_between('bar_minute', 'newest_minute') }} as minutes_before,
        bar_minute > newest_minute - interval '24' hour
        and bar_minute < date_trunc('hour', newest_minute) - interval '23' hour as opens_the_day
    from minutes
    where newest_minute > as_of - interval '24' hour

),

coins as (

    select
        coin_id,
        vs_currency,
        as_of,
        newest_minute,
        {%- for column in of_newest_bar %}
        max(case when minutes_before = 0 then {{ column }} end) as {{ column }},
        {%- endfor %}
        max(case when minutes_before = 60 then price end) as price_1h_before,
        max(case when minutes_before = 24 * 60 then price end) as price_24h_before,
        max(case when minutes_before = 7 * 24 * 60 then price end) as price_7d_before,
        max(case when opens_the_day then high end) as first_high,
        {{ first_known('bar_minute', by='case when opens_the_day then (-high, bar_minute) end') }} as first_high_at,
        min(case when opens_the_day then low end) as first_low,
        {{ first_known('bar_minute', by='case when opens_the_day then (low, bar_minute) end') }} as first_low_at
    from marked
    group by coin_id, vs_currency, as_of, newest_minute

),

coins_by_hour as (

    select
        coins.*,
        hour_bars.high,
        hour_bars.high_at,
        hour_bars.low,
        hour_bars.low_at
    from coins
    inner join {{ ref('ohlc_1h') }} as hour_bars
        on
            coins.vs_currency = hour_bars.vs_currency
            and coins.coin_id = hour_bars.coin_id
            and hour_bars.bar_start > coins.newest_minute - interval '24' hour
    where {{ in_hours(hours, before=range(24)) }}

),

days as (

    select
        coin_id,
        vs_currency,
        as_of,
        newest_minute,
        {%- for column in of_coin %}
        max({{ column }}) as {{ column }},
        {%- endfor %}
        max(high) as high,
        {{ first_known('high_at', by='(-high, high_at)') }} as high_at,
        min(low) as low,
        {{ first_known('low_at', by='(low, low_at)') }} as low_at
    from coins_by_hour
    group by coin_id, vs_currency, as_of, newest_minute

),

-- What happened in two minutes is named by the first, which is in the first minutes if it is there at all.
final as (

    select
        days.coin_id,
        days.vs_currency,
        days.symbol,
        days.name,
        days.newest_minute as bar_minute,
        days.price,
        days.market_cap,
        days.market_cap_rank,
        days.volume_24h,
        days.price_change_1m_pct,
        days.price_change_5m_pct,
        (days.price / days.price_1h_before - 1) * 100 as price_change_1h_pct,
        (days.price / days.price_24h_before - 1) * 100 as price_change_24h_pct,
        minute_bars.price_change_24h_pct as price_change_24h_pct_coingecko,
        (days.price / days.price_7d_before - 1) * 100 as price_change_7d_pct,
        greatest(days.first_high, days.high) as high_24h_own,
        case when days.first_high >= days.high then days.first_high_at else days.high_at end as high_24h_own_at,
        least(days.first_low, days.low) as low_24h_own,
        case when days.first_low <= days.low then days.first_low_at else days.low_at end as low_24h_own_at,
        {%- for column in indicators %}
        days.{{ column }},
        {%- endfor %}
        {{ minutes_between('days.newest_minute', 'days.as_of') }} + days.minutes_since_update as minutes_since_update,
        days.as_of
    from days
    inner join {{ ref('int_minute_bars') }} as minute_bars
        on
            days.vs_currency = minute_bars.vs_currency
            and days.coin_id = minute_bars.coin_id
            and days.newest_minute = minute_bars.bar_minute
    where {{ in_hours(hours) }}

)

select * from final
