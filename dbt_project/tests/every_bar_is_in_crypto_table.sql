{{ config(tags=['every_build']) }}

with bars as (

    select count(*) as bar_count from {{ ref('int_minute_bars') }}
    where {{ tested_hours('bars') }}

),

published as (

    select count(*) as bar_count from {{ ref('crypto_table') }}
    where {{ tested_hours('bars') }}

)

select
    bars.bar_count,
    published.bar_count as published_count
from bars
inner join published on bars.bar_count <> published.bar_count
