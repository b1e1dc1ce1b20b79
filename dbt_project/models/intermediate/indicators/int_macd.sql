{%- set fast, slow, length = lengths('macd_fast_window'), lengths('macd_slow_window'), lengths('macd_signal_window') -%}

with bars as (

    select * from {{ ref('int_exponential_moving_averages') }}

),

differences as (

    select
        *,
        case when last_carried_minute is null then ema_{{ fast }} - ema_{{ slow }} else {{ carried('macd') }} end as macd
    from bars

),

-- The signal is an average of the MACD, so it starts with the first one there is.
terms as (

    select
        *,
        {{ exponential_term('macd', length, 'macd_signal', known_minute=slow + length - 2, seed_minute=slow - 1) }}
            as macd_signal_term
    from differences

),

sums as (

    select
        *,
        {{ sum_of_block('macd_signal_term') }} as macd_signal_sum
    from terms
    window {{ block_so_far() }}

),

sums_before as (

    select
        *,
        {{ sum_of_blocks_before('macd_signal_sum', length) }} as macd_signal_sum_before
    from sums
    window {{ run() }}

),

signals as (

    select
        *,
        case
            when segment_minute >= {{ slow + length - 2 }}
                then {{ exponential_average('macd_signal_sum', 'macd_signal_sum_before', length) }}
        end as macd_signal
    from sums_before
    window {{ block_so_far() }}

),

histograms as (

    select
        *,
        macd - macd_signal as macd_histogram
    from signals

)

select * from histograms
