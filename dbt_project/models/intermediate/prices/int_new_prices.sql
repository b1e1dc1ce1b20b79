{%- set read_from = read_from_hour() -%}
{%- set kept = kept_prices() if read_from is none else none -%}
{%- set landed_columns = as_landed(kept, ref('stg_landing__crypto_prices')) if kept else [] -%}

with landed as (

    select * from {{ ref('stg_landing__crypto_prices') }}
    where {{ landed_since(read_from) }}

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

){% if kept %},

-- A build from nothing reads the whole of landing, and this is what has gone from there.
kept as (

    select
        {%- for column in landed_columns %}
        {{ column }}{% if not loop.last %},{% endif %}
        {%- endfor %}
    from {{ kept }}
    where not {{ since_horizon() }}

){% endif %}

select * from new_prices
{%- if kept %}
union all
select * from kept
{%- endif %}
