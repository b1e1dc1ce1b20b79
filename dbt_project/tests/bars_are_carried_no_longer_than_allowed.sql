select *
from {{ ref('fct_minute_bars') }}
where minutes_since_update not between 0 and {{ var('max_fill_minutes') }}
