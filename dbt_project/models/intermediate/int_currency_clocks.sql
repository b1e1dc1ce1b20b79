with prices as (

    select * from {{ ref('stg_coingecko__prices') }}

),

clocks as (

    select
        vs_currency,
        max(case when not is_late then date_trunc('minute', last_updated_at) end) as newest_minute,
        max(fetched_at) as newest_fetched_at
    from prices
    group by vs_currency

)

select * from clocks
