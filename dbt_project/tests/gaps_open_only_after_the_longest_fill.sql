{{ config(tags=['every_build']) }}

-- A missing minute follows a bar that was carried as long as allowed; all other minutes of a coin have a bar.
with bars as (

    select
        coin_id,
        vs_currency,
        bar_minute,
        minutes_since_update,
        lead(bar_minute) over (partition by vs_currency, coin_id order by bar_minute) as next_minute
    from {{ ref('int_minute_bars') }}
    where {{ tested_hours('bars') }}

)

select * from bars
where
    next_minute <> bar_minute + interval '1' minute
    and minutes_since_update < {{ var('max_fill_minutes') }}
    and date_trunc('hour', next_minute) <= date_trunc('hour', bar_minute) + interval '1' hour
