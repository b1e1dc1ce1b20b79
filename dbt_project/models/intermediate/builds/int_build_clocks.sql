{{ config(partition_by='slot', unique_key='slot', post_hook='{{ read_clock_hours_again() }}') }}

with build as (

    select {{ this_build() }} as build_number

),

new_prices as (

    select
        vs_currency,
        fetched_at,
        cast(null as timestamp) as previous_minute,
        cast(null as timestamp) as previous_fetched_at,
        case when not is_late and not is_before_horizon then date_trunc('minute', last_updated_at) end as bar_minute
    from {{ ref('int_new_prices') }}

),

{% if is_incremental() %}
previous as (

    select
        clocks.vs_currency,
        clocks.newest_fetched_at as fetched_at,
        clocks.newest_minute as previous_minute,
        clocks.newest_fetched_at as previous_fetched_at,
        clocks.newest_minute as bar_minute
    from {{ this }} as clocks
    inner join build on clocks.build_number = build.build_number - 1

),

{% endif %}
times as (

    select * from new_prices
    {% if is_incremental() %}
    union all
    select * from previous
    {% endif %}

),

clocks as (

    select
        build.build_number,
        times.vs_currency,
        cast(mod(build.build_number, 2) as int) as slot,
        max(times.bar_minute) as newest_minute,
        max(times.fetched_at) as newest_fetched_at,
        max(times.previous_minute) as previous_minute,
        max(times.previous_fetched_at) as previous_fetched_at
    from times
    cross join build
    group by times.vs_currency, build.build_number

)

select * from clocks
