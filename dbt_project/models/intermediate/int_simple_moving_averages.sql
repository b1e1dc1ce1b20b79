with bars as (

    select * from {{ ref('int_exponential_moving_averages') }}

),

moving_averages as (

    select
        *,
        {%- for n in var('sma_windows') %}
        case
            when segment_minute >= {{ n - 1 }}
                then avg(close) over (
                    partition by vs_currency, coin_id, segment_started_at
                    order by bar_minute
                    rows between {{ n - 1 }} preceding and current row
                )
        end as sma_{{ n }}{% if not loop.last %},{% endif %}
        {%- endfor %}
    from bars

)

select * from moving_averages
