with landed as (

    select * from {{ source('landing', 'crypto_prices') }}
    {% if known_at() %}
    where fetched_at <= timestamp '{{ known_at() }}'
    {% endif %}

),

final as (

    select
        coin_id,
        vs_currency,
        last_updated_at,
        is_event_time_imputed,
        coalesce(source, 'live') <> 'backfill'
        and fetched_at > last_updated_at + interval '{{ var("max_lateness_hours") }}' hour as is_late,
        not {{ since_horizon(hour_of('last_updated_at')) }} as is_before_horizon,
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
        landed_hour,
        {{ hour_of('last_updated_at') }} as bar_hour
    from landed

)

select * from final
