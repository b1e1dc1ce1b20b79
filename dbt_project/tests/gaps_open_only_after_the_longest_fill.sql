{{ config(tags=['every_build']) }}

{%- set after = "bars.bar_minute + interval '1' minute" %}

-- A missing minute follows a bar that was carried as long as allowed, or the newest minute of its currency; all other
-- minutes of a coin have a bar.
with clocks as (

    select
        vs_currency,
        newest_minute
    from {{ ref('int_build_clocks') }}
    where build_number = {{ this_build() }}

),

bars as (

    select
        coin_id,
        vs_currency,
        bar_minute,
        minutes_since_update,
        lead(bar_minute) over (partition by vs_currency, coin_id order by bar_minute) as next_minute
    from {{ ref('int_minute_bars') }}
    where {{ tested_hours('bars') }}

)

select bars.*
from bars
inner join clocks on bars.vs_currency = clocks.vs_currency
where
    (bars.next_minute is null or bars.next_minute <> {{ after }})
    and bars.minutes_since_update < {{ var('max_fill_minutes') }}
    and bars.bar_minute < clocks.newest_minute
    and {{ tested_hours('bars', column=hour_of(after)) }}
