{{ config(tags=['every_build']) }}

with counted as (

    select coalesce(sum(update_count), 0) as update_total from {{ ref('int_minute_bars') }}
    where {{ tested_hours('updates') }}

),

in_time as (

    select count(*) as update_total from {{ ref('int_prices') }}
    where {{ tested_hours('updates') }}

)

select
    counted.update_total as counted_updates,
    in_time.update_total as updates_in_time
from counted
inner join in_time on counted.update_total <> in_time.update_total
