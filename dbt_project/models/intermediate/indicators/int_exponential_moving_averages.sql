{%- set sides = [] -%}
{%- for n in lengths('rsi_windows') %}{% do sides.extend([('gain_' ~ n, n), ('loss_' ~ n, n)]) %}{% endfor -%}

with bars as (

    select * from {{ ref('int_moving_windows') }}

),

moves as (

    select
        *,
        case when price_change_1m > 0 then price_change_1m when price_change_1m <= 0 then 0 end as gain,
        case when price_change_1m < 0 then -price_change_1m when price_change_1m >= 0 then 0 end as loss
    from bars

),

terms as (

    select
        *,
        {%- for n in moving_average_lengths() %}
        {{ exponential_term('close', n, 'ema_' ~ n, n - 1) }} as ema_{{ n }}_term,
        {%- endfor %}
        {%- for side, n in sides %}
        {{ wilder_term(side, n) }} as {{ side }}_term{% if not loop.last %},{% endif %}
        {%- endfor %}
    from moves

),

-- All of them together: Spark reads a coin's bars twice for averages, however many these are.
averages as (

    select
        *,
        {%- for n in moving_average_lengths() %}
        case
            when segment_minute >= {{ n - 1 }} then {{ exponential_average('ema_' ~ n ~ '_term', n) }}
        end as ema_{{ n }},
        {%- endfor %}
        {%- for side, n in sides %}
        case
            when segment_minute >= {{ n }} then {{ exponential_average(side ~ '_term', 2 * n - 1) }}
        end as average_{{ side }}{% if not loop.last %},{% endif %}
        {%- endfor %}
    from terms

)

select * from averages
