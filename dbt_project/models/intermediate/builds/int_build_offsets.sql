{{ config(partition_by='slot', unique_key='slot') }}

{%- set text = dbt.type_string() -%}
{%- set read_from_hour = newest_hour_read() -%}
{%- set last_begun = '(select max(begun.build_number) - 1 from ' ~ this ~ ' as begun)'
    if is_incremental() and not read_from_hour else '0' -%}

with finished as (

    select coalesce(max(build_number), 0) as build_number from {{ ref('stg_builds__hour_versions') }}

),

-- Where a kill has lost which builds had finished, this is the one that began last, once more: below others it would
-- not be the last.
numbered as (

    select greatest(build_number, {{ last_begun }}) + 1 as build_number
    from finished

),

landed as (

    select
        kafka_topic,
        kafka_partition,
        cast(-1 as bigint) as read_after,
        max(kafka_offset) as newest_offset,
        max(landed_hour) as newest_landed_hour
    from {{ ref('stg_landing__crypto_prices') }}
    where {{ landed_since(read_from_hour) }}
    group by kafka_topic, kafka_partition

),

{% if is_incremental() %}
read_before as (

    select
        offsets.kafka_topic,
        offsets.kafka_partition,
        offsets.newest_offset as read_after,
        offsets.newest_offset,
        offsets.newest_landed_hour
    from {{ this }} as offsets
    inner join finished on offsets.build_number = finished.build_number

),

{% endif %}
offsets as (

    select * from landed
    {% if is_incremental() %}
    union all
    select * from read_before
    {% endif %}

),

final as (

    select
        offsets.kafka_topic,
        offsets.kafka_partition,
        max(offsets.read_after) as read_after,
        max(offsets.newest_offset) as newest_offset,
        max(offsets.newest_landed_hour) as newest_landed_hour,
        cast({{ dbt.string_literal(read_from_hour) if read_from_hour else 'null' }} as {{ text }}) as read_from_hour,
        {{ 'true' if read_from_hour and last_build_was_cut_off() else 'false' }} as is_repair,
        cast('{{ invocation_id }}' as {{ text }}) as begun_by,
        cast({{ dbt.string_literal(known_at()) if known_at() else 'null' }} as {{ text }}) as known_at,
        numbered.build_number,
        cast(mod(numbered.build_number, 2) as int) as slot
    from offsets
    cross join numbered
    group by offsets.kafka_topic, offsets.kafka_partition, numbered.build_number

)

select * from final
