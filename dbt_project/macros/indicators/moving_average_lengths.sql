{# The lengths of all exponential moving averages of the close: those that are asked for, and the two of the MACD. #}
{% macro moving_average_lengths() %}
    {{ return((lengths('ema_windows') + [lengths('macd_fast_window'), lengths('macd_slow_window')]) | unique | list) }}
{% endmacro %}
