{%- set sides = [] -%}
{%- for n in lengths('rsi_windows') %}{% do sides.extend([('gain_' ~ n, n), ('loss_' ~ n, n)]) %}{% endfor -%}

with bars as (

    select * from {{ ref('int_macd') }}

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
        {%- for side, n in sides %}
        {{ wilder_term(side, n) }} as {{ side }}_term{% if not loop.last %},{% endif %}
        {%- endfor %}
    from moves

),

sums as (

    select
        *,
        {%- for side, n in sides %}
        ({{ sum_of_block(side ~ '_term') }}) as {{ side }}_sum{% if not loop.last %},{% endif %}
        {%- endfor %}
    from terms

),

sums_before as (

    select
        *,
        {%- for side, n in sides %}
        {{ sum_of_blocks_before(side ~ '_sum', 2 * n - 1) }} as {{ side }}_sum_before{% if not loop.last %},{% endif %}
        {%- endfor %}
    from sums

),

averages as (

    select
        *,
        {%- for side, n in sides %}
        case
            when segment_minute >= {{ n }}
                then {{ exponential_average(side ~ '_sum', side ~ '_sum_before', 2 * n - 1) }}
        end as average_{{ side }}{% if not loop.last %},{% endif %}
        {%- endfor %}
    from sums_before

),

-- An average move of less than 1e-12 of the price is what rounding leaves of a price that stands still.
strengths as (

    select
        *,
        {%- for n in lengths('rsi_windows') %}
        case
            when average_gain_{{ n }} + average_loss_{{ n }} >= 1e-12 * close
                then 100 * average_gain_{{ n }} / (average_gain_{{ n }} + average_loss_{{ n }})
        end as rsi_{{ n }}{% if not loop.last %},{% endif %}
        {%- endfor %}
    from averages

)

select * from strengths
