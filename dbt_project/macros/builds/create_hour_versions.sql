{# The first build looks up how far the build before it came, so the table that knows must exist. #}
{% macro create_hour_versions() %}
    {% if execute and flags.WHICH in ['build', 'run'] and adapter.get_relation(target.database, 'builds', 'hour_versions') is none %}
        {% set text = dbt.type_string() %}
        {% do run_query('create schema if not exists builds') %}
        {% do run_query(
            'create table if not exists builds.hour_versions'
            ~ ' (build_number bigint, bar_hour ' ~ text ~ ', rebuilt_by ' ~ text ~ ', slot int)'
            ~ (' using parquet partitioned by (slot)' if target.type == 'spark' else '')
        ) %}
        {% do adapter.cache_added(source('builds', 'hour_versions')) %}
    {% endif %}
{% endmacro %}
