with bars as (

    select * from {{ ref('int_segments') }}

),

-- A segment has a bar for every minute, so k rows before is k minutes before.
changes as (

    select
        *,
        {%- for k in lengths('price_change_minutes') %}
        (close / lag(close, {{ k }}) over run - 1) * 100 as price_change_{{ k }}m_pct,
        {%- endfor %}
        close - lag(close) over run as price_change_1m,
        ln(close / lag(close) over run) as log_return_1m
    from bars
    window run as (partition by vs_currency, coin_id, segment_read_from order by block, bar_minute)

),

-- The first n - 1 bars of a segment have no window of n; the first has no return, so n returns need n + 1 bars.
windows as (

    select
        *,
        {%- for n in (lengths('sma_windows') + lengths('bollinger_windows')) | unique %}
        case when segment_minute >= {{ n - 1 }} then avg(close) {{ last_bars(n) }} end as sma_{{ n }},
        {%- endfor %}
        {%- for n in lengths('volatility_windows') %}
        case
            when segment_minute >= {{ n }} then stddev_samp(log_return_1m) {{ last_bars(n) }}
        end as volatility_{{ n }},
        {%- endfor %}
        {%- for n in lengths('bollinger_windows') %}
        case
            when segment_minute >= {{ n - 1 }} then {{ var('bollinger_width') }} * stddev_pop(close) {{ last_bars(n) }}
        end as bollinger_distance_{{ n }}{% if not loop.last %},{% endif %}
        {%- endfor %}
    from changes

),

-- A year of a market that never closes has 525,600 minutes.
final as (

    select
        *,
        {%- for n in lengths('volatility_windows') %}
        volatility_{{ n }} * sqrt(525600) as volatility_{{ n }}_annualised,
        {%- endfor %}
        {%- for n in lengths('bollinger_windows') %}
        sma_{{ n }} as bollinger_middle_{{ n }},
        {%- endfor %}
        {%- for n in lengths('bollinger_windows') %}
        sma_{{ n }} + bollinger_distance_{{ n }} as bollinger_upper_{{ n }},
        {%- endfor %}
        {%- for n in lengths('bollinger_windows') %}
        sma_{{ n }} - bollinger_distance_{{ n }} as bollinger_lower_{{ n }}{% if not loop.last %},{% endif %}
        {%- endfor %}
    from windows

)

select * from final
