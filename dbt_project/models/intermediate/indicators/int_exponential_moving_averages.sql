{%- set of_the_macd = [lengths('macd_fast_window'), lengths('macd_slow_window')] -%}
{%- set windows = (lengths('ema_windows') + of_the_macd) | unique | list -%}

with bars as (

    select * from {{ ref('int_moving_windows') }}

),

terms as (

    select
        *,
        {%- for n in windows %}
        {{ exponential_term('close', n) }} as ema_{{ n }}_term{% if not loop.last %},{% endif %}
        {%- endfor %}
    from bars

),

averages as (

    select
        *,
        {%- for n in windows %}
        case
            when segment_minute >= {{ n - 1 }} then {{ exponential_average('ema_' ~ n ~ '_term', n) }}
        end as ema_{{ n }}{% if not loop.last %},{% endif %}
        {%- endfor %}
    from terms

)

select * from averages
