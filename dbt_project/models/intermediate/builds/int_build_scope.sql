{{ config(materialized='table', post_hook='{{ forget_build_scope() }}') }}

{%- set lateness_hours = var('max_lateness_hours') + 1 -%}
{%- set fill = var('max_fill_minutes') -%}

with clocks as (

    select * from {{ ref('int_build_clocks') }}
    where build_number = {{ this_build() }}

),

-- Of updates before the horizon too: int_prices leaves their hours as they are, but a build that knew them before the
-- horizon moved, and is done again, is about the same hours. Of each hour the newest update is felt furthest.
new_minutes as (

    select max(date_trunc('minute', last_updated_at)) as bar_minute
    from {{ ref('int_new_prices') }}
    where not is_late
    group by date_trunc('hour', last_updated_at)

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

    select
        date_trunc('hour', max(newest_minute)) as newest_hour,
        date_trunc('day', max(newest_minute)) + interval '23' hour as last_hour_of_day
    from clocks

),

-- After the newest minute is no bar to rebuild. But a day closes with its last hour, also where the clock stands still
-- before it: the newest hour stands for it then, so that its day is rebuilt.
due as (

    select
        hours.what,
        least(hours.hour_start, newest.newest_hour) as hour_start
    from hours
    inner join newest
        on hours.hour_start <= newest.newest_hour or hours.hour_start = newest.last_hour_of_day

),

-- Hours that follow one another are one stretch.
numbered as (

    select
        what,
        hour_start,
        hour_start - dense_rank() over (partition by what order by hour_start) * interval '1' hour as run_start
    from due

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
