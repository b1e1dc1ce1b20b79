select * from {{ ref('int_prices') }}
where {{ hours_to_rebuild('bars', hours_before=(var('max_fill_minutes') + 59) // 60) }}
