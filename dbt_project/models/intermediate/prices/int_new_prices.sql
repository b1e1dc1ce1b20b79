with landed as (

    select * from {{ ref('stg_landing__crypto_prices') }}
    where {{ landed_since(read_from_hour()) }}

),

offsets as (

    select * from {{ ref('int_build_offsets') }}
    where build_number = {{ this_build() }}

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
