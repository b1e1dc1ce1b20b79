{# The 64-bit float has no name that both engines know, and dbt's own type_float() is 32 bits wide on Spark. #}
{% macro type_double() %}{{ return(adapter.dispatch('type_double')()) }}{% endmacro %}

{% macro default__type_double() %}{{ return('double precision') }}{% endmacro %}

{% macro spark__type_double() %}{{ return('double') }}{% endmacro %}
