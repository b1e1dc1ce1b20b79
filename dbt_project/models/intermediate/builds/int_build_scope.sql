{{ config(materialized='table', post_hook='{{ forget_build_scope() }}') }}

{%- set lateness_hours = var('max_lateness_hours') + 1 -%}

with clocks as (

    select * from {{ ref('int_build_clocks') }}
    where build_number = {{ this_build() }}

),

new_minutes as (

    select distinct date_trunc('minute', last_updated_at) as bar_minute
    from {{ ref('int_new_prices') }}
    where not is_late

),

-- An update changes the bar of its minute and those into which that bar is carried.
changed_hours as (

    select
        {{ each_hour(
            "date_trunc('hour', bar_minute)",
            "date_trunc('hour', bar_minute + interval '" ~ var('max_fill_minutes') ~ "' minute)"
        ) }} as hour_start
    from new_minutes

),

-- As the clock of a currency moves on, the last bars of its coins are carried further.
carried_hours as (

    select
        {{ each_hour(
            "date_trunc('hour', previous_minute)",
            "date_trunc('hour', least(newest_minute, previous_minute + interval '"
            ~ var('max_fill_minutes') ~ "' minute))"
        ) }} as hour_start
    from clocks
    where previous_minute < newest_minute

),

-- And hours come of an age at which no update can change them any more.
closed_hours as (

    select
        {{ each_hour(
            "date_trunc('hour', previous_fetched_at) - interval '" ~ (lateness_hours - 1) ~ "' hour",
            "date_trunc('hour', newest_fetched_at) - interval '" ~ lateness_hours ~ "' hour"
        ) }} as hour_start
    from clocks
    where date_trunc('hour', previous_fetched_at) < date_trunc('hour', newest_fetched_at)

),

new_bar_hours as (

    select hour_start from changed_hours
    union all
    select hour_start from carried_hours

),

-- A changed bar is felt by the indicators of later hours for as long as they remember it.
indicator_hours as (

    select {{ each_hour('hour_start', "hour_start + interval '" ~ memory_hours() ~ "' hour") }} as hour_start
    from new_bar_hours

),

hours as (

    select
        'updates' as what,
        date_trunc('hour', bar_minute) as hour_start
    from new_minutes
    union all
    select
        'bars' as what,
        hour_start
    from new_bar_hours
    union all
    select
        'bars' as what,
        hour_start
    from closed_hours
    union all
    select
        'indicators' as what,
        hour_start
    from closed_hours
    union all
    select
        'indicators' as what,
        hour_start
    from indicator_hours

),

newest as (

    select max(newest_minute) as newest_minute from clocks

),

-- Hours that follow one another are one stretch.
numbered as (

    select
        hours.what,
        hours.hour_start,
        hours.hour_start
        - dense_rank() over (partition by hours.what order by hours.hour_start) * interval '1' hour as run_start
    from hours
    inner join newest on hours.hour_start <= newest.newest_minute

),

runs as (

    select
        {{ this_build() }} as build_number,
        numbered.what,
        min(numbered.hour_start) as first_hour,
        max(numbered.hour_start) as last_hour
    from numbered
    group by numbered.what, numbered.run_start

)

select * from runs
