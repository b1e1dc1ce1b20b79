{%- set crypto_table = carried_from() -%}
{%- set stretches = indicator_stretches() if crypto_table else [] -%}
{%- set hours = rebuilt_hours(stretches) if crypto_table else hours_to_rebuild('indicators', memory_hours()) -%}

with rebuilt as (

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
        {{ rebuilt_from(stretches) }} as rebuilt_from,
        cast(null as timestamp) as carried_segment_started_at,
        {%- for average in carried_averages() %}
        cast(null as {{ type_double() }}) as {{ carried(average) }}{% if not loop.last %},{% endif %}
        {%- endfor %}
    from {{ ref('int_minute_bars') }}
    where {{ hours }}

){% if stretches %},

-- What crypto_table holds of the minutes before, where no hour is rebuilt.
carried as (

    select
        coin_id,
        vs_currency,
        bar_minute,
        symbol,
        name,
        open,
        high,
        low,
        price as close,
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
        {{ rebuilt_from(stretches, before=carried_minutes()) }} as rebuilt_from,
        segment_started_at as carried_segment_started_at,
        {%- for average in carried_averages() %}
        {{ unless_faded(average) }} as {{ carried(average) }}{% if not loop.last %},{% endif %}
        {%- endfor %}
    from {{ crypto_table }}
    where {{ carried_bars(stretches) }}

){% endif %}

select * from rebuilt
{%- if stretches %}
union all
select * from carried
{%- endif %}
