select *
from {{ ref('fct_minute_bars') }}
where not (low > 0 and low <= open and open <= high and low <= close and close <= high)
