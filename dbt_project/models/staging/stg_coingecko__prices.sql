with landed as (

    select
        *,
        coalesce(source, 'live') <> 'backfill'
        and fetched_at > last_updated_at + interval '{{ var("max_lateness_hours") }}' hour as is_late
    from {{ source('landing', 'crypto_prices') }}

),

-- A dormant coin is polled on and on with its old event time: those late copies must not displace the one in time.
ranked as (

    select
        *,
        row_number() over (
            partition by coin_id, vs_currency, last_updated_at
            order by is_late asc, fetched_at desc, kafka_offset desc, kafka_partition desc, kafka_topic desc
        ) as version_rank
    from landed

),

latest_versions as (

    select
        coin_id,
        vs_currency,
        last_updated_at,
        is_event_time_imputed,
        is_late,
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
        kafka_offset
    from ranked
    where version_rank = 1

)

select * from latest_versions
