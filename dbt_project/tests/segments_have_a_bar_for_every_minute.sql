-- Indicators count rows and mean minutes, so a segment must run 0, 1, 2, ... without a hole.
select
    coin_id,
    vs_currency,
    segment_started_at,
    count(*) as bars
from {{ ref('fct_minute_bars') }}
group by coin_id, vs_currency, segment_started_at
having
    min(segment_minute) <> 0
    or max(segment_minute) <> count(*) - 1
    or min(bar_minute) <> segment_started_at
