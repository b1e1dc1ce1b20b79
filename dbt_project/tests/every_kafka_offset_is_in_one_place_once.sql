-- Whatever the stream read went to landing or to quarantine: an offset in both, or twice in one, was doubled.
with messages as (

    select
        kafka_topic,
        kafka_partition,
        kafka_offset
    from {{ source('landing', 'crypto_prices') }}
    union all
    select
        kafka_topic,
        kafka_partition,
        kafka_offset
    from {{ source('quarantine', 'crypto_prices') }}

)

select
    kafka_topic,
    kafka_partition,
    kafka_offset,
    count(*) as copies
from messages
group by kafka_topic, kafka_partition, kafka_offset
having count(*) > 1
