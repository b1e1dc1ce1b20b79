{#
    How the small tables of the schema `builds` are created and written. Spark replaces a partition as a whole, PostgreSQL
    deletes and inserts rows in one statement.
#}
{% macro create_plain_table(table, columns, partition_by=none) %}
    {{- return(adapter.dispatch('create_plain_table')(table, columns, partition_by)) -}}
{% endmacro %}

{% macro default__create_plain_table(table, columns, partition_by) %}
    {{- return('create table if not exists ' ~ table ~ ' (' ~ columns ~ ')') -}}
{% endmacro %}

{% macro spark__create_plain_table(table, columns, partition_by) %}
    {%- set partitioned = ' partitioned by (' ~ partition_by ~ ')' if partition_by else '' -%}
    {{- return('create table if not exists ' ~ table ~ ' (' ~ columns ~ ') using parquet' ~ partitioned) -}}
{% endmacro %}

{# Replaces the slots that occur in the rows, which may be made from the table itself. #}
{% macro replace_slots(table, rows) %}{{ return(adapter.dispatch('replace_slots')(table, rows)) }}{% endmacro %}

{% macro default__replace_slots(table, rows) %}
with incoming as ({{ rows }}),

deleted as (delete from {{ table }} where slot in (select slot from incoming))

insert into {{ table }} select * from incoming
{% endmacro %}

{% macro spark__replace_slots(table, rows) %}
    {%- do run_query('set spark.sql.sources.partitionOverwriteMode = dynamic') -%}
insert overwrite table {{ table }} partition (slot) {{ rows }}
{% endmacro %}

{% macro delete_slot(table, slot) %}{{ return(adapter.dispatch('delete_slot')(table, slot)) }}{% endmacro %}

{% macro default__delete_slot(table, slot) %}
    {{- return('delete from ' ~ table ~ ' where slot = ' ~ slot) -}}
{% endmacro %}

{% macro spark__delete_slot(table, slot) %}
    {{- return('alter table ' ~ table ~ ' drop if exists partition (slot = ' ~ slot ~ ')') -}}
{% endmacro %}
