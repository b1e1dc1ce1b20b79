{# True if the target is one whose tables are published. It is the only one that may use the plain schema names. #}
{% macro is_production() %}{{ return(target.name in var('production_targets')) }}{% endmacro %}
