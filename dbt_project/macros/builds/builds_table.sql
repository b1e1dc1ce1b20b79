{#
    A table or view of the schema `builds`, the memory of the builds: a relation, or none before the first build. Tests
    and hooks may look at it too: they cannot ref. With `or_deferred`, to read which hours a build is about, it is that of
    the state if dbt runs with --defer and has not built one here. What is written is always our own.
#}
{% macro builds_table(name, or_deferred=false) %}
    {% if not execute %}{{ return(none) }}{% endif %}
    {% set ours = adapter.get_relation(target.database, builds_schema(), name) %}
    {% set deferred = graph.nodes.get('model.coinloom.' ~ name, {}).defer_relation %}
    {% if ours is none and or_deferred and invocation_args_dict.defer and deferred %}
        {{ return(adapter.get_relation(deferred.database, deferred.schema, deferred.alias)) }}
    {% endif %}
    {{ return(ours) }}
{% endmacro %}

{% macro builds_schema() %}{{ return(generate_schema_name('builds', none) | trim) }}{% endmacro %}

{# The tables that hooks write, and no model. By name. #}
{% macro create_builds_tables() %}
    {% set text = dbt.type_string() %}
    {% set columns = {
        'hour_versions': 'build_number bigint, bar_hour ' ~ text ~ ', rebuilt_by ' ~ text ~ ', slot int',
        'passed_nodes': 'begun_by ' ~ text ~ ', node ' ~ text,
    } %}
    {% set tables = {} %}
    {% for name in columns %}
        {% do tables.update({name: builds_table(name) or create_builds_table(name, columns[name])}) %}
    {% endfor %}
    {{ return(tables) }}
{% endmacro %}

{% macro create_builds_table(name, columns) %}
    {% set table = api.Relation.create(target.database | default(none), builds_schema(), name, type='table') %}
    {% do run_query('create schema if not exists ' ~ builds_schema()) %}
    {% do run_query(create_plain_table(table, columns, 'slot' if 'slot' in columns else none)) %}
    {% do adapter.cache_added(table) %}
    {{ return(table) }}
{% endmacro %}
