{#
    On Spark it takes a second to create a view over views over views: one that is as it should be is left alone. A view
    keeps the columns that it had when it was created, so it is created anew when any model has changed, and with
    --full-refresh.
#}
{% materialization view, adapter='spark' %}
    {%- set existing = load_cached_relation(this) -%}
    {%- if existing and existing.is_view and not should_full_refresh() and view_version(sql) in (existing.information or '') -%}
        {% do store_raw_result('main', message='UNCHANGED', code='UNCHANGED', rows_affected=0) %}
        {{ return({'relations': [this]}) }}
    {%- endif -%}
    {{ return(create_or_replace_view()) }}
{% endmaterialization %}

{% macro spark__create_view_as(relation, sql) %}
    create or replace view {{ relation }}
    tblproperties ('coinloom.version' = '{{ view_version(sql) }}')
    as {{ sql }}
{% endmacro %}

{% macro view_version(sql) %}
    {%- set parts = [sql, invocation_args_dict.vars | string] -%}
    {%- for node in graph.nodes.values() if node.resource_type == 'model' %}{% do parts.append(node.checksum.checksum) %}{% endfor -%}
    {{- return(local_md5(parts | sort | join)) -}}
{% endmacro %}
