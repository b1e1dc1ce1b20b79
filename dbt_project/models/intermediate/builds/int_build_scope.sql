{{ config(materialized='table', post_hook='{{ forget_build_scope() }}') }}

{%- set lateness_hours = var('max_lateness_hours') + 1 -%}
{%- set fill = var('max_fill_minutes') -%}

with clocks as (

    select * from {{ ref('int_build_clocks') }}
    where build_number = {{ this_build() }}

),

new_minutes as (

    select distinct date_trunc('minute', last_updated_at) as bar_minute
    from {{ ref('int_new_prices') }}
    where not is_late

),

-- Of each kind of table: for how long an update is carried into later bars, and how long a changed bar is felt.
kinds as (

    select
        kinds.what,
        kinds.carried_minutes,
        kinds.felt_hours
    from (values ('updates', 0, 0), ('bars', {{ fill }}, 0), ('indicators', {{ fill }}, {{ memory_hours() }}))
        as kinds (what, carried_minutes, felt_hours)

),

changed as (

    select
        kinds.what,
        date_trunc('hour', new_minutes.bar_minute) as first_hour,
        date_trunc('hour', new_minutes.bar_minute + kinds.carried_minutes * interval '1' minute)
        + kinds.felt_hours * interval '1' hour as last_hour
    from new_minutes
    cross join kinds

),

-- As the clock of a currency moves on, the last bars of its coins are carried further.
carried as (

    select
        kinds.what,
        date_trunc('hour', clocks.previous_minute) as first_hour,
        date_trunc(
            'hour', least(clocks.newest_minute, clocks.previous_minute + kinds.carried_minutes * interval '1' minute)
        ) + kinds.felt_hours * interval '1' hour as last_hour
    from clocks
    cross join kinds
    where kinds.what != 'updates' and clocks.previous_minute < clocks.newest_minute

),

-- And hours come of an age at which no update can change them any more: bars are marked as closed.
closed as (

    select
        kinds.what,
        date_trunc('hour', clocks.previous_fetched_at) - interval '{{ lateness_hours - 1 }}' hour as first_hour,
        date_trunc('hour', clocks.newest_fetched_at) - interval '{{ lateness_hours }}' hour as last_hour
    from clocks
    cross join kinds
    where kinds.what != 'updates'

),

stretches as (

    select * from changed
    union all
    select * from carried
    union all
    select * from closed

),

hours as (

    select
        what,
        {{ each_hour('first_hour', 'last_hour') }} as hour_start
    from stretches

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
