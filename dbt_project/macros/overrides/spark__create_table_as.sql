{#
    Replaces dbt-spark's, which trusts what dbt saw of the schemas when it started. What a killed command had asked the
    Thrift Server for can still end after that, two seconds later and more: a table that was not there then is, and
    `create table` fails on it. So whatever has the name of a new table is dropped first; where a model is a table as a
    whole, dbt-spark does that. A killed one may also have left its files: with dynamic partitions, which dbt-spark asks
    for, those of hours that the new table has not would stay.
#}
{% macro spark__create_table_as(temporary, relation, compiled_code, language='sql') -%}
    {%- if not temporary -%}
        {%- if config.get('materialized') == 'incremental' -%}{%- do run_query('drop table if exists ' ~ relation) -%}{%- endif -%}
        {%- if config.get('partition_by') -%}{%- do run_query('set spark.sql.sources.partitionOverwriteMode = static') -%}{%- endif -%}
    {%- endif -%}
    {{- dbt.spark__create_table_as(temporary, relation, compiled_code, language) -}}
{%- endmacro %}
