select * from {{ ref('int_minute_bars') }}
where {{ hours_to_rebuild('indicators', hours_before=memory_hours()) }}
