{# A model's schema is exactly what is configured, the same in every target: readers and grants rely on the names. #}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {{ custom_schema_name or target.schema }}
{%- endmacro %}
