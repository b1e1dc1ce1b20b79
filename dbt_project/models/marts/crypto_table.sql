{{ config(
    materialized='incremental', partition_by='bar_hour', unique_key='bar_hour', indexes=[{'columns': ['bar_hour']}]
) }}

with indicators as (

    select * from {{ ref('int_rsi') }}

),

final as (

    select /*+ repartition(bar_hour) */
        coin_id,
        symbol,
        name,
        vs_currency,
        bar_minute,
        close as price,
        open,
        high,
        low,
        market_cap,
        market_cap_rank,
        volume_24h,
        high_24h,
        low_24h,
        update_count,
        is_filled,
        is_closed,
        minutes_since_update,
        greatest(
            segment_started_at, date_trunc('hour', bar_minute) - interval '{{ memory_hours() }}' hour
        ) as segment_started_at,
        {%- for k in lengths('price_change_minutes') %}
        price_change_{{ k }}m_pct,
        {%- endfor %}
        {%- for n in lengths('sma_windows') %}
        sma_{{ n }},
        {%- endfor %}
        {%- for n in moving_average_lengths() %}
        ema_{{ n }},
        {%- endfor %}
        {%- for n in lengths('volatility_windows') %}
        volatility_{{ n }},
        volatility_{{ n }}_annualised,
        {%- endfor %}
        macd,
        macd_signal,
        macd_histogram,
        {%- for n in lengths('rsi_windows') %}
        average_gain_{{ n }},
        average_loss_{{ n }},
        rsi_{{ n }},
        {%- endfor %}
        {%- for n in lengths('bollinger_windows') %}
        bollinger_middle_{{ n }},
        bollinger_upper_{{ n }},
        bollinger_lower_{{ n }},
        {%- endfor %}
        bar_hour
    from indicators
    where {{ hours_to_rebuild('indicators') }}

)

select * from final
