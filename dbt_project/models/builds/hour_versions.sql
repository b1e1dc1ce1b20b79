{{ config(partition_by='slot', unique_key='slot') }}

-- depends_on: {{ ref('top_5_gainers') }}
-- depends_on: {{ ref('top_5_losers') }}
-- depends_on: {{ ref('ohlc_5m') }}
-- depends_on: {{ ref('ohlc_1d') }}
-- depends_on: {{ ref('crypto_table') }}
with build as (

    select max(build_number) as build_number from {{ ref('build_offsets') }}

),

rebuilt_hours as (

    select {{ each_hour('first_hour', 'last_hour') }} as hour_start
    from {{ ref('build_scope') }}
    where what = 'indicators'

),

rebuilt as (

    select {{ hour_of('hour_start') }} as bar_hour from rebuilt_hours

),

kept as (

    select
        versions.bar_hour,
        versions.rebuilt_by
    from {{ this }} as versions
    inner join build on versions.build_number = build.build_number - 1
    left join rebuilt on versions.bar_hour = rebuilt.bar_hour
    where rebuilt.bar_hour is null

),

versions as (

    select
        bar_hour,
        rebuilt_by
    from kept
    union all
    select
        bar_hour,
        '{{ invocation_id }}' as rebuilt_by
    from rebuilt

),

final as (

    select
        build.build_number,
        versions.bar_hour,
        versions.rebuilt_by,
        cast(mod(build.build_number, 2) as int) as slot
    from versions
    cross join build

)

select * from final
