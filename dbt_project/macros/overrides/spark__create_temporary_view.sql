{#
    Replaces dbt-spark's: before an incremental model replaces a few hours, dbt declares a temporary view with its SQL, asks
    for its columns and inserts from it, and Spark would go through the SQL, with all views below it, each time. So what
    the model selects is written to a folder at once, and the view is one over that folder.
#}
{% macro spark__create_temporary_view(relation, compiled_code) -%}
    {%- if not is_about_a_few_hours() -%}{{- return(dbt.spark__create_temporary_view(relation, compiled_code)) -}}{%- endif -%}
    {%- set folder = '${spark.coinloom.lake_root}/_staging/' ~ this.schema ~ '.' ~ this.identifier -%}
    {%- do run_query("insert overwrite directory '" ~ folder ~ "' using parquet " ~ compiled_code) -%}
    create or replace temporary view {{ relation }} using parquet options (path '{{ folder }}')
{%- endmacro %}
