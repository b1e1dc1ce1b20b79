{# The window of the last n bars of the segment. One order for all windows: Spark then sorts once for all of them. #}
{% macro last_bars(n) %}
    {{- return(
        'over (partition by vs_currency, coin_id, segment_read_from order by block, bar_minute'
        ~ ' rows between ' ~ (n - 1) ~ ' preceding and current row)'
    ) -}}
{% endmacro %}
