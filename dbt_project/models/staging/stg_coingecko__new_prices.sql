{%- set read_from_hour = none -%}
{%- if execute and load_relation(ref('build_offsets')) -%}
    {%- set read_from_hour = run_query(
        'select max(read_from_hour) from ' ~ ref('build_offsets')
        ~ ' where build_number = (select max(build_number) from ' ~ ref('build_offsets') ~ ')'
    )[0][0] -%}
{%- endif -%}

with landed as (

    select * from {{ ref('stg_coingecko__landed_prices') }}
    where {{ landed_since(read_from_hour) }}

),

offsets as (

    select * from {{ ref('build_offsets') }}
    where build_number = (select max(begun.build_number) from {{ ref('build_offsets') }} as begun)

),

new_prices as (

    select /*+ broadcast(offsets) */ landed.*
    from landed
    inner join offsets
        on
            landed.kafka_topic = offsets.kafka_topic
            and landed.kafka_partition = offsets.kafka_partition
            and landed.kafka_offset > offsets.read_after
            and landed.kafka_offset <= offsets.newest_offset

)

select * from new_prices
