with bars as (

    select count(*) as bar_count from {{ ref('fct_minute_bars') }}

),

published as (

    select count(*) as bar_count from {{ ref('crypto_table') }}

)

select
    bars.bar_count,
    published.bar_count as published_count
from bars
inner join published on bars.bar_count <> published.bar_count
