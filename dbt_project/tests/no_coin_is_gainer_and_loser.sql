select
    gainers.vs_currency,
    gainers.coin_id
from {{ ref('top_5_gainers') }} as gainers
inner join {{ ref('top_5_losers') }} as losers
    on gainers.vs_currency = losers.vs_currency and gainers.coin_id = losers.coin_id
