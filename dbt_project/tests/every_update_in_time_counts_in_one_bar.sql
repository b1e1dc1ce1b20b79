with counted as (

    select coalesce(sum(update_count), 0) as updates from {{ ref('fct_minute_bars') }}

),

in_time as (

    select count(*) as updates from {{ ref('stg_coingecko__prices') }} where not is_late

)

select
    counted.updates as counted_updates,
    in_time.updates as updates_in_time
from counted
inner join in_time on counted.updates <> in_time.updates
