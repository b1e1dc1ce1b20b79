{{ config(tags=['every_build']) }}

with bars as (

    select count(*) as bar_count from {{ ref('int_minute_bars') }}
    where {{ tested_hours('indicators', hours_before=carried_hours()) }}

),

published as (

    select count(*) as bar_count from {{ ref('crypto_table') }}
    where {{ tested_hours('indicators', hours_before=carried_hours()) }}

)

select
    bars.bar_count,
    published.bar_count as published_count
from bars
inner join published on bars.bar_count <> published.bar_count
