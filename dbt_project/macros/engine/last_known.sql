{#
    Aggregate: the value of `column` in the row with the greatest `by` among those where it is not null.
    Spark has max_by; PostgreSQL has ordered aggregates instead.
#}
{% macro last_known(column, by) %}{{ return(adapter.dispatch('last_known')(column, by)) }}{% endmacro %}

{% macro default__last_known(column, by) %}
    {{- return('(array_agg(' ~ column ~ ' order by ' ~ by ~ ' desc) filter (where ' ~ column ~ ' is not null))[1]') -}}
{% endmacro %}

{% macro spark__last_known(column, by) %}
    {{- return('max_by(' ~ column ~ ', ' ~ by ~ ') filter (where ' ~ column ~ ' is not null)') -}}
{% endmacro %}
