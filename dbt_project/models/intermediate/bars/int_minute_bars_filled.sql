with observed as (

    select * from {{ ref('int_minute_bars_observed') }}

),

clocks as (

    select * from {{ ref('int_build_clocks') }}
    where build_number = {{ this_build() }}

),

neighbours as (

    select /*+ broadcast(clocks) */
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

gaps as (

    select
        *,
        {{ minutes_between('bar_minute', 'next_minute') }} as minutes_to_next
    from neighbours

),

carries (carried_minutes) as (

    values
    {%- for n in range(var('max_fill_minutes') + 1) %}
    ({{ n }}){% if not loop.last %},{% endif %}
    {%- endfor %}

),

-- One row for each minute that a bar fills until the next one. A join on equality: no engine has to try all pairs.
fills as (

    select
        carries.carried_minutes,
        longest.carried_minutes + 1 as filled_minutes
    from carries
    inner join carries as longest on carries.carried_minutes <= longest.carried_minutes

),

filled as (

    select
        gaps.coin_id,
        gaps.vs_currency,
        gaps.symbol,
        gaps.name,
        gaps.close,
        gaps.market_cap,
        gaps.market_cap_rank,
        gaps.volume_24h,
        gaps.high_24h,
        gaps.low_24h,
        gaps.price_change_24h_pct,
        gaps.newest_fetched_at,
        fills.carried_minutes as minutes_since_update,
        gaps.bar_minute + fills.carried_minutes * interval '1' minute as bar_minute,
        case when fills.carried_minutes = 0 then gaps.open else gaps.close end as open,
        case when fills.carried_minutes = 0 then gaps.high else gaps.close end as high,
        case when fills.carried_minutes = 0 then gaps.low else gaps.close end as low,
        case when fills.carried_minutes = 0 then gaps.update_count else 0 end as update_count
    from gaps
    inner join fills on least(gaps.minutes_to_next, {{ var('max_fill_minutes') + 1 }}) = fills.filled_minutes

)

select * from filled
