{#
    Replaces dbt's: in production a model's schema is exactly what is configured, because readers and grants rely on the
    names. Every other target puts its own schema before it, dbt's convention (dev_ada_warehouse), so that several people
    and test runs share one server.
#}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {%- if custom_schema_name is none -%}{{ target.schema }}
    {%- elif is_production() -%}{{ custom_schema_name | trim }}
    {%- else -%}{{ target.schema }}_{{ custom_schema_name | trim }}
    {%- endif -%}
{%- endmacro %}
