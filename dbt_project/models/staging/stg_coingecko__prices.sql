{{ config(
    materialized='incremental', partition_by='bar_hour', unique_key='bar_hour', indexes=[{'columns': ['bar_hour']}]
) }}

{%- set columns -%}
        coin_id,
        vs_currency,
        last_updated_at,
        is_event_time_imputed,
        symbol,
        name,
        price,
        market_cap,
        market_cap_rank,
        volume_24h,
        high_24h,
        low_24h,
        fetched_at,
        produced_at,
        landed_at,
        source,
        poll_id,
        schema_version,
        kafka_topic,
        kafka_partition,
        kafka_offset,
        bar_hour
{%- endset %}

-- depends_on: {{ ref('build_scope') }}, {{ ref('stg_coingecko__landed_prices') }}, {{ ref('build_offsets') }}
with new_prices as (

    select
        {{ columns }}
    from {{ ref('stg_coingecko__new_prices') }}
    where not is_late

),

-- Versions of the same updates, and the other updates of the hours that are replaced.
{% if is_incremental() %}
known_prices as (

    select
        {{ columns }}
    {% if needs_repair() %}
    from {{ ref('stg_coingecko__landed_prices') }} as landed
    where
        not is_late
        and {{ hours_to_rebuild('updates') }}
        and exists (
            select * from {{ ref('build_offsets') }} as offsets
            where
                offsets.build_number = (select max(begun.build_number) from {{ ref('build_offsets') }} as begun)
                and landed.kafka_topic = offsets.kafka_topic
                and landed.kafka_partition = offsets.kafka_partition
                and landed.kafka_offset <= offsets.newest_offset
        )
    {% else %}
    from {{ this }}
    where {{ hours_to_rebuild('updates') }}
    {% endif %}

),

{% endif %}
versions as (

    select * from new_prices
    {% if is_incremental() %}
    union all
    select * from known_prices
    {% endif %}

),

-- Spark brings the rows of an hour together once, for the ranks as for the files.
by_hour as (

    select /*+ repartition(bar_hour) */ *
    from versions

),

ranked as (

    select
        *,
        row_number() over (
            partition by bar_hour, coin_id, vs_currency, last_updated_at
            order by fetched_at desc, kafka_offset desc, kafka_partition desc, kafka_topic desc, landed_at asc
        ) as version_rank
    from by_hour

),

latest_versions as (

    select
        {{ columns }}
    from ranked
    where version_rank = 1

)

select * from latest_versions
