with versions as (

    select * from {{ source('builds', 'hour_versions') }}

),

final as (

    select
        build_number,
        bar_hour,
        rebuilt_by,
        slot
    from versions

)

select * from final
