{#
    For how many hours a bar counts in an indicator: after 25 times its length an exponential average has forgotten all
    but 1e-21 of it (a Wilder average of n is one of 2n - 1), the MACD's signal after its own length on top of the
    slow average's, a window after its length. Slices of bars are read so much earlier than they are written.
#}
{% macro memory_hours() %}
    {% set averages = var('ema_windows') + [var('macd_slow_window') + var('macd_signal_window')] %}
    {% for n in var('rsi_windows') %}{% do averages.append(2 * n) %}{% endfor %}
    {% set windows = var('sma_windows') + var('volatility_windows') + var('bollinger_windows') %}
    {% set minutes = [25 * (averages | max), (windows + var('price_change_minutes')) | max] | max %}
    {{ return((minutes + 59) // 60 + 1) }}
{% endmacro %}
