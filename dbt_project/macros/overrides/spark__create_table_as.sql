{#
    Replaces dbt-spark's, which trusts what dbt saw of the schemas when it started. What a killed command had asked the
    Thrift Server for can still end after that, two seconds later and more: a table that was not there then is, and
    `create table` fails on it. So whatever has the name of a new table is dropped first.
#}
{% macro spark__create_table_as(temporary, relation, compiled_code, language='sql') -%}
    {%- if not temporary -%}{%- do run_query('drop table if exists ' ~ relation) -%}{%- endif -%}
    {{- dbt.spark__create_table_as(temporary, relation, compiled_code, language) -}}
{%- endmacro %}
