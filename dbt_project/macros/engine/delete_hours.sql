{#
    A statement that removes hours, or nothing if there are none. Spark deletes no rows of a table of files, but it forgets
    partitions, each by its name.
#}
{% macro delete_hours(table, predicate) %}{{ return(adapter.dispatch('delete_hours')(table, predicate)) }}{% endmacro %}

{% macro default__delete_hours(table, predicate) %}{{ return('delete from ' ~ table ~ ' where ' ~ predicate) }}{% endmacro %}

{% macro spark__delete_hours(table, predicate) %}
    {% set hours = run_query('select distinct bar_hour from ' ~ table ~ ' where ' ~ predicate).columns[0].values() %}
    {% set partitions = [] %}
    {% for hour in hours %}{% do partitions.append("partition (bar_hour = '" ~ hour ~ "')") %}{% endfor %}
    {{ return('alter table ' ~ table ~ ' drop if exists ' ~ partitions | join(', ') if partitions else '') }}
{% endmacro %}
