{{ config(
    materialized='incremental', partition_by='bar_hour', unique_key='bar_hour', indexes=[{'columns': ['bar_hour']}],
    pre_hook='{{ empty_since_horizon() }}'
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
        price_change_24h_pct,
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

-- depends_on: {{ ref('int_build_scope') }}, {{ ref('int_new_prices') }}
-- depends_on: {{ ref('int_build_offsets') }}, {{ ref('stg_landing__crypto_prices') }}
{% if is_incremental() and not reads_landing_again() %}
-- Versions of the same updates, and the other updates of the hours that are replaced.
with known_prices as (

    select
        {{ columns }}
    from {{ this }}

),

{% else %}
with offsets as (

    select * from {{ ref('int_build_offsets') }}
    where build_number = {{ this_build() }}

),

landed as (

    select /*+ broadcast(offsets) */ landed.*
    from {{ ref('stg_landing__crypto_prices') }} as landed
    inner join offsets
        on
            landed.kafka_topic = offsets.kafka_topic
            and landed.kafka_partition = offsets.kafka_partition
            and landed.kafka_offset <= offsets.newest_offset

),

known_prices as (

    select
        {{ columns }}
    from landed
    where not is_late

),

{% endif %}
versions as (

    select * from known_prices
    {% if is_incremental() %}
    union all
    select
        {{ columns }}
    from {{ ref('int_new_prices') }}
    where not is_late
    {% endif %}

),

-- An hour is replaced as a whole, so none is written of which only what is new was read. Spark brings the rows of
-- an hour together once, for the ranks as for the files.
by_hour as (

    select /*+ repartition(bar_hour) */ *
    from versions
    where {{ hours_to_rebuild('updates') if is_incremental() else 'true' }} and {{ since_horizon() }}

),

ranked as (

    select
        *,
        row_number() over (
            partition by bar_hour, coin_id, vs_currency, last_updated_at
            order by {{ newest_version_first() }}
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
