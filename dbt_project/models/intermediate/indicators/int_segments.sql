with bars as (

    select * from {{ ref('int_indicator_bars') }}

),

-- Bars are missing where a coin had no update for longer than may be filled: nothing is computed across.
starts as (

    select
        *,
        case
            when bar_minute < rebuilt_from then carried_segment_started_at
            when bar_minute = lag(bar_minute) over coin + interval '1' minute then null
            else bar_minute
        end as started_at
    from bars
    window coin as (partition by vs_currency, coin_id order by bar_minute)

),

segments as (

    select
        *,
        max(started_at) over (
            partition by vs_currency, coin_id
            order by bar_minute rows between unbounded preceding and current row
        ) as segment_started_at
    from starts

),

-- Exponential averages are summed in blocks of a fixed length, which are the same whatever slice of history is read.
final as (

    {% set epoch_minute = minutes_between("timestamp '1970-01-01 00:00:00'", 'bar_minute') %}
    select
        coin_id,
        vs_currency,
        bar_minute,
        symbol,
        name,
        open,
        high,
        low,
        close,
        market_cap,
        market_cap_rank,
        volume_24h,
        high_24h,
        low_24h,
        update_count,
        is_filled,
        is_closed,
        minutes_since_update,
        bar_hour,
        {%- for average in carried_averages() %}
        {{ carried(average) }},
        {%- endfor %}
        segment_started_at,
        greatest(segment_started_at, rebuilt_from - interval '{{ carried_minutes() }}' minute) as segment_read_from,
        {{ minutes_between('segment_started_at', 'bar_minute') }} as segment_minute,
        case
            when bar_minute < rebuilt_from then {{ minutes_between('segment_started_at', 'rebuilt_from') }} - 1
        end as last_carried_minute,
        cast(floor({{ epoch_minute }} / cast({{ block_minutes() }} as {{ type_double() }})) as int) as block,
        cast(mod({{ epoch_minute }}, {{ block_minutes() }}) as {{ type_double() }}) as block_position
    from segments

)

select * from final
