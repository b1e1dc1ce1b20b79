{#
    Aggregate: the value of `column` in the row with the smallest `by` among those where it is not null.
    Spark has min_by; PostgreSQL has ordered aggregates instead.
#}
{% macro first_known(column, by) %}{{ return(adapter.dispatch('first_known')(column, by)) }}{% endmacro %}

{% macro default__first_known(column, by) %}
    {{- return('(array_agg(' ~ column ~ ' order by ' ~ by ~ ') filter (where ' ~ column ~ ' is not null))[1]') -}}
{% endmacro %}

{% macro spark__first_known(column, by) %}
    {{- return('min_by(' ~ column ~ ', ' ~ by ~ ') filter (where ' ~ column ~ ' is not null)') -}}
{% endmacro %}
