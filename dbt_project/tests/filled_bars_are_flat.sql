select *
from {{ ref('fct_minute_bars') }}
where is_filled and not (open = close and high = close and low = close)
