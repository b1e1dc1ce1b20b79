{#
    Declares a table over the folder of the lake that has its name, if Spark does not know it yet; returns the names of its
    columns. dbt lists a schema once in a command, tables with their columns, so this costs one statement and not three.
#}
{% macro lake_table(table, columns, partition_by=none) %}
    {% set schema, name = table.split('.') %}
    {% set known = adapter.get_relation(none, schema, name) %}
    {% if known is not none %}{{ return(column_names(known)) }}{% endif %}
    {% do run_query('create schema if not exists ' ~ schema) %}
    {% do run_query(
        'create table if not exists ' ~ table ~ ' (' ~ columns ~ ') using parquet'
        ~ (' partitioned by (' ~ partition_by ~ ')' if partition_by else '')
        ~ " location '${spark.coinloom.lake_root}/" ~ table.replace('.', '/') ~ "'"
    ) %}
    {% set names = [] %}
    {% for column in columns.split(',') %}{% do names.append(column.split()[0]) %}{% endfor %}
    {{ return(names) }}
{% endmacro %}

{# The names of a table's columns: without a statement where dbt has listed the table with them. #}
{% macro column_names(relation) %}
    {% if relation.information %}{{ return(modules.re.findall('\\|-- (.+?): ', relation.information)) }}{% endif %}
    {{ return(adapter.get_columns_in_relation(relation) | map(attribute='name') | list) }}
{% endmacro %}
