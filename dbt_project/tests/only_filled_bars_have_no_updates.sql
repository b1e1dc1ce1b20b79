select *
from {{ ref('fct_minute_bars') }}
where is_filled <> (update_count = 0) or is_filled <> (minutes_since_update > 0)
