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

{% set sides = [] -%}
{% for n in lengths('rsi_windows') %}{% for side in ['gain', 'loss'] %}{% do sides.append((side, n, side ~ '_' ~ n)) %}{% endfor %}{% endfor -%}
terms as (

    select
        *,
        {%- for side, n, name in sides %}
        {{ wilder_term(side, n, 'average_' ~ name) }} as {{ name }}_term{% if not loop.last %},{% endif %}
        {%- endfor %}
    from moves

),

sums as (

    select
        *,
        {%- for _, n, name in sides %}
        {{ sum_of_block(name ~ '_term') }} as {{ name }}_sum{% if not loop.last %},{% endif %}
        {%- endfor %}
    from terms
    window {{ block_so_far() }}

),

sums_before as (

    select
        *,
        {%- for _, n, name in sides %}
        {{ sum_of_blocks_before(name ~ '_sum', 2 * n - 1) }} as {{ name }}_sum_before{% if not loop.last %},{% endif %}
        {%- endfor %}
    from sums
    window {{ run() }}

),

averages as (

    select
        *,
        {%- for _, n, name in sides %}
        case
            when segment_minute >= {{ n }}
                then {{ exponential_average(name ~ '_sum', name ~ '_sum_before', 2 * n - 1) }}
        end as average_{{ name }}{% if not loop.last %},{% endif %}
        {%- endfor %}
    from sums_before
    window {{ block_so_far() }}

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
