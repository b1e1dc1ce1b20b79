{{ config(materialized='kept_view') }}

with rebuilt_hours as (

    select {{ each_hour('first_hour', 'last_hour') }} as hour_start
    from {{ ref('int_build_scope') }}
    where what = 'indicators'

),

rebuilt as (

    select {{ hour_of('hour_start') }} as bar_hour from rebuilt_hours

),

kept as (

    select
        versions.bar_hour,
        versions.rebuilt_by
    from {{ ref('stg_builds__hour_versions') }} as versions
    left join rebuilt on versions.bar_hour = rebuilt.bar_hour
    where versions.build_number = {{ this_build() }} - 1 and rebuilt.bar_hour is null

),

versions as (

    select
        bar_hour,
        rebuilt_by
    from kept
    union all
    select
        bar_hour,
        cast(null as {{ dbt.type_string() }}) as rebuilt_by
    from rebuilt

),

final as (

    select
        {{ this_build() }} as build_number,
        bar_hour,
        rebuilt_by,
        cast(mod({{ this_build() }}, 2) as int) as slot
    from versions

)

select * from final
