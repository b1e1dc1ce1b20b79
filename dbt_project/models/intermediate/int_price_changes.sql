with bars as (

    select * from {{ ref('int_simple_moving_averages') }}

),

-- A segment has a bar for every minute, so k rows before is k minutes before.
price_changes as (

    select
        *,
        {%- for k in var('price_change_minutes') %}
        (close / lag(close, {{ k }}) over run - 1) * 100 as price_change_{{ k }}m_pct{% if not loop.last %},{% endif %}
        {%- endfor %}
    from bars
    window run as (partition by vs_currency, coin_id, segment_started_at order by bar_minute)

)

select * from price_changes
