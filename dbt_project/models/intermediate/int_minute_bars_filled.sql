with observed as (

    select * from {{ ref('int_minute_bars_observed') }}

),

clocks as (

    select * from {{ ref('build_clocks') }}
    where build_number = (select max(begun.build_number) from {{ ref('build_offsets') }} as begun)

),

neighbours as (

    select
        observed.*,
        clocks.newest_fetched_at,
        coalesce(
            lead(observed.bar_minute) over (
                partition by observed.vs_currency, observed.coin_id order by observed.bar_minute
            ),
            clocks.newest_minute + interval '1' minute
        ) as next_minute
    from observed
    inner join clocks on observed.vs_currency = clocks.vs_currency

),

carries (carried_minutes) as (

    values
    {%- for n in range(var('max_fill_minutes') + 1) %}
    ({{ n }}){% if not loop.last %},{% endif %}
    {%- endfor %}

),

filled as (

    select
        neighbours.coin_id,
        neighbours.vs_currency,
        neighbours.symbol,
        neighbours.name,
        neighbours.close,
        neighbours.market_cap,
        neighbours.market_cap_rank,
        neighbours.volume_24h,
        neighbours.high_24h,
        neighbours.low_24h,
        neighbours.newest_fetched_at,
        carries.carried_minutes as minutes_since_update,
        neighbours.bar_minute + carries.carried_minutes * interval '1' minute as bar_minute,
        case when carries.carried_minutes = 0 then neighbours.open else neighbours.close end as open,
        case when carries.carried_minutes = 0 then neighbours.high else neighbours.close end as high,
        case when carries.carried_minutes = 0 then neighbours.low else neighbours.close end as low,
        case when carries.carried_minutes = 0 then neighbours.update_count else 0 end as update_count
    from neighbours
    inner join carries
        on neighbours.bar_minute + carries.carried_minutes * interval '1' minute < neighbours.next_minute

)

select * from filled
