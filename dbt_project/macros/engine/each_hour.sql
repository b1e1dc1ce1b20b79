{#
    In a select list: one row for each hour from one timestamp to another, both full hours; none if the second is before
    the first, where Spark's sequence() would fail.
#}
{% macro each_hour(first_hour, last_hour) %}{{ return(adapter.dispatch('each_hour')(first_hour, last_hour)) }}{% endmacro %}

{% macro default__each_hour(first_hour, last_hour) %}
    {{- return("generate_series(" ~ first_hour ~ ", " ~ last_hour ~ ", interval '1' hour)") -}}
{% endmacro %}

{% macro spark__each_hour(first_hour, last_hour) %}
    {{- return(
        "explode(case when " ~ first_hour ~ " <= " ~ last_hour
        ~ " then sequence(" ~ first_hour ~ ", " ~ last_hour ~ ", interval '1' hour) else array() end)"
    ) -}}
{% endmacro %}
