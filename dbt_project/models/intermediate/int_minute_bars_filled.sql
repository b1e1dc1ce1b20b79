{%- set max_fill_minutes = var('max_fill_minutes') -%}

with observed as (

    select * from {{ ref('int_minute_bars_observed') }}

),

clocks as (

    select * from {{ ref('int_currency_clocks') }}

),

neighbours as (

    select
        observed.*,
        lag(observed.bar_minute) over coin as previous_minute,
        coalesce(lead(observed.bar_minute) over coin, clocks.newest_minute + interval '1' minute) as next_minute
    from observed
    inner join clocks on observed.vs_currency = clocks.vs_currency
    window coin as (partition by observed.vs_currency, observed.coin_id order by observed.bar_minute)

),

-- One missing minute more than may be filled, and the bar is the first of a new segment.
segments as (

    select
        *,
        max(
            case
                when bar_minute <= previous_minute + interval '{{ max_fill_minutes + 1 }}' minute then null
                else bar_minute
            end
        ) over (partition by vs_currency, coin_id order by bar_minute) as segment_started_at
    from neighbours

),

carries (carried_minutes) as (

    values
    {%- for n in range(max_fill_minutes + 1) %}
    ({{ n }}){% if not loop.last %},{% endif %}
    {%- endfor %}

),

filled as (

    select
        segments.coin_id,
        segments.vs_currency,
        segments.segment_started_at,
        segments.symbol,
        segments.name,
        segments.close,
        segments.market_cap,
        segments.market_cap_rank,
        segments.volume_24h,
        segments.high_24h,
        segments.low_24h,
        carries.carried_minutes as minutes_since_update,
        segments.bar_minute + carries.carried_minutes * interval '1' minute as bar_minute,
        case when carries.carried_minutes = 0 then segments.open else segments.close end as open,
        case when carries.carried_minutes = 0 then segments.high else segments.close end as high,
        case when carries.carried_minutes = 0 then segments.low else segments.close end as low,
        case when carries.carried_minutes = 0 then segments.update_count else 0 end as update_count
    from segments
    inner join carries
        on segments.bar_minute + carries.carried_minutes * interval '1' minute < segments.next_minute

)

select * from filled
