with rejected as (

    select * from {{ source('quarantine', 'crypto_prices') }}

),

final as (

    select
        reason,
        raw_key,
        raw_value,
        produced_at,
        landed_at,
        source,
        poll_id,
        schema_version,
        kafka_topic,
        kafka_partition,
        kafka_offset,
        landed_hour
    from rejected

)

select * from final
