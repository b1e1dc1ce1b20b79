with bars as (

    select * from {{ ref('int_moving_windows') }}

),

terms as (

    select
        *,
        {%- for n in moving_average_lengths() %}
        {{ exponential_term('close', n, 'ema_' ~ n, n - 1) }} as ema_{{ n }}_term{% if not loop.last %},{% endif %}
        {%- endfor %}
    from bars

),

sums as (

    select
        *,
        {%- for n in moving_average_lengths() %}
        ({{ sum_of_block('ema_' ~ n ~ '_term') }}) as ema_{{ n }}_sum{% if not loop.last %},{% endif %}
        {%- endfor %}
    from terms

),

sums_before as (

    select
        *,
        {%- for n in moving_average_lengths() %}
        {{ sum_of_blocks_before('ema_' ~ n ~ '_sum', n) }} as ema_{{ n }}_sum_before{% if not loop.last %},{% endif %}
        {%- endfor %}
    from sums

),

averages as (

    select
        *,
        {%- for n in moving_average_lengths() %}
        case
            when segment_minute >= {{ n - 1 }}
                then {{ exponential_average('ema_' ~ n ~ '_sum', 'ema_' ~ n ~ '_sum_before', n) }}
        end as ema_{{ n }}{% if not loop.last %},{% endif %}
        {%- endfor %}
    from sums_before

)

select * from averages
