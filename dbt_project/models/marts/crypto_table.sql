with bars as (

    select * from {{ ref('fct_minute_bars') }}

),

indicators as (

    select * from {{ ref('int_volatility') }}

),

final as (

    select
        bars.coin_id,
        bars.symbol,
        bars.name,
        bars.vs_currency,
        bars.bar_minute,
        bars.close as price,
        bars.open,
        bars.high,
        bars.low,
        bars.market_cap,
        bars.market_cap_rank,
        bars.volume_24h,
        bars.high_24h,
        bars.low_24h,
        bars.update_count,
        bars.is_filled,
        bars.is_closed,
        bars.minutes_since_update,
        {%- for k in var('price_change_minutes') %}
        indicators.price_change_{{ k }}m_pct,
        {%- endfor %}
        {%- for n in var('sma_windows') %}
        indicators.sma_{{ n }},
        {%- endfor %}
        {%- for n in var('ema_windows') %}
        indicators.ema_{{ n }},
        {%- endfor %}
        {%- for n in var('volatility_windows') %}
        indicators.volatility_{{ n }},
        indicators.volatility_{{ n }}_annualised{% if not loop.last %},{% endif %}
        {%- endfor %}
    from bars
    inner join indicators
        on
            bars.vs_currency = indicators.vs_currency
            and bars.coin_id = indicators.coin_id
            and bars.bar_minute = indicators.bar_minute

)

select * from final
