with landed as (

    select * from {{ ref('stg_landing__crypto_prices') }}
    where is_late or is_before_horizon

),

in_time as (

    select
        coin_id,
        vs_currency,
        last_updated_at
    from {{ ref('int_prices') }}

),

never_in_time as (

    select landed.*
    from landed
    left join in_time
        on
            landed.coin_id = in_time.coin_id
            and landed.vs_currency = in_time.vs_currency
            and landed.last_updated_at = in_time.last_updated_at
    where in_time.coin_id is null

),

ranked as (

    select
        *,
        row_number() over (
            partition by coin_id, vs_currency, last_updated_at
            order by {{ newest_version_first() }}
        ) as version_rank
    from never_in_time

),

latest_versions as (

    select
        coin_id,
        vs_currency,
        last_updated_at,
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
        kafka_offset
    from ranked
    where version_rank = 1

)

select * from latest_versions
