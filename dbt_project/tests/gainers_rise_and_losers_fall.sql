select * from {{ ref('top_5_gainers') }}
where price_change_5m_pct <= 0
union all
select * from {{ ref('top_5_losers') }}
where price_change_5m_pct >= 0
