{#
    Replaces dbt-spark's: how an incremental model replaces hours (or days) on Spark. An insert into partitions that Spark finds out by itself
    first lists all that the table has, half a second and more after a year. So when a build is about a few hours,
    their rows, which are in a folder (spark__create_temporary_view), go from there to each hour by its name; which is
    also what makes the moment short in which readers of the lake miss it. More hours take dbt's own way. The columns are
    those that dbt has listed with the tables, which a full refresh may have added to since.
#}
{% macro get_insert_overwrite_sql(source_relation, target_relation, existing_relation) %}
    {%- set partition = config.require('partition_by') -%}
    {%- set names = column_names(target_relation if flags.FULL_REFRESH else existing_relation) -%}
    {%- if not is_about_a_few_hours() -%}
        {{- return(insert_overwrite(target_relation, partition, names | join(', '), source_relation)) -}}
    {%- endif -%}
    {%- set statements = [] -%}
    {%- for period in run_query('select distinct ' ~ partition ~ ' from ' ~ source_relation).columns[0].values() -%}
        {%- set value = partition ~ " = '" ~ period ~ "'" -%}
        {%- set others = names | reject('eq', partition) | join(', ') -%}
        {%- do statements.append(insert_overwrite(target_relation, value, others, source_relation ~ ' where ' ~ value)) -%}
    {%- endfor -%}
    {%- for statement in statements[:-1] -%}{%- do run_query(statement) -%}{%- endfor -%}
    {{- return(statements[-1] if statements else insert_overwrite(target_relation, partition, names | join(', '), source_relation)) -}}
{% endmacro %}

{% macro insert_overwrite(target, partition, columns, source) %}
    insert overwrite table {{ target }} partition ({{ partition }}) select {{ columns }} from {{ source }}
{% endmacro %}

{% macro is_about_a_few_hours() %}
    {%- if config.get('partition_by') not in ('bar_hour', 'bar_day') -%}{{ return(false) }}{%- endif -%}
    {%- set scope = build_scope() -%}
    {%- if not scope -%}{{ return(false) }}{%- endif -%}
    {%- set first = scope | map(attribute='first_hour') | min -%}
    {%- set last = scope | map(attribute='last_hour') | max -%}
    {{- return((last - first).total_seconds() < 4 * 3600) -}}
{% endmacro %}
