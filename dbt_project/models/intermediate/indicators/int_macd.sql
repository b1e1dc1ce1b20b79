{%- set fast, slow, length = lengths('macd_fast_window'), lengths('macd_slow_window'), lengths('macd_signal_window') -%}
{%- set first_minute = slow + length - 2 -%}

with bars as (

    select * from {{ ref('int_exponential_moving_averages') }}

),

differences as (

    select
        *,
        case
            when last_carried_minute is null then ema_{{ fast }} - ema_{{ slow }} else {{ carried('macd') }}
        end as macd
    from bars

),

-- The signal is an average of the MACD, so it starts with the first one there is.
terms as (

    select
        *,
        {{ exponential_term('macd', length, 'macd_signal', first_minute, seed_minute=slow - 1) }} as macd_signal_term
    from differences

),

signals as (

    select
        *,
        case
            when segment_minute >= {{ first_minute }} then {{ exponential_average('macd_signal_term', length) }}
        end as macd_signal
    from terms

),

histograms as (

    select
        *,
        macd - macd_signal as macd_histogram
    from signals

)

select * from histograms
