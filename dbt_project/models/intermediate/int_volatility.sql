with bars as (

    select * from {{ ref('int_price_changes') }}

),

log_returns as (

    select
        *,
        ln(
            close / lag(close) over (partition by vs_currency, coin_id, segment_started_at order by bar_minute)
        ) as log_return_1m
    from bars

),

-- The first bar of a segment has no return, so n returns need n + 1 bars.
volatilities as (

    select
        *,
        {%- for n in var('volatility_windows') %}
        case
            when segment_minute >= {{ n }}
                then stddev_samp(log_return_1m) over (
                    partition by vs_currency, coin_id, segment_started_at
                    order by bar_minute
                    rows between {{ n - 1 }} preceding and current row
                )
        end as volatility_{{ n }}{% if not loop.last %},{% endif %}
        {%- endfor %}
    from log_returns

),

-- A year of a market that never closes has 525,600 minutes.
annualised as (

    select
        *,
        {%- for n in var('volatility_windows') %}
        volatility_{{ n }} * sqrt(525600) as volatility_{{ n }}_annualised{% if not loop.last %},{% endif %}
        {%- endfor %}
    from volatilities

)

select * from annualised
