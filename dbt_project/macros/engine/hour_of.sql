{# The UTC hour of a timestamp as text, such as 2026-11-22T16: the name of a partition, whose order is that of time. #}
{% macro hour_of(timestamp) %}{{ return(adapter.dispatch('hour_of')(timestamp)) }}{% endmacro %}

{% macro default__hour_of(timestamp) %}{{ return('to_char(' ~ timestamp ~ ', \'YYYY-MM-DD"T"HH24\')') }}{% endmacro %}

{% macro spark__hour_of(timestamp) %}{{ return('date_format(' ~ timestamp ~ ', "yyyy-MM-dd\'T\'HH")') }}{% endmacro %}
