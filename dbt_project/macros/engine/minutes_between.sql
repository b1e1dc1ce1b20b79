{# Whole minutes from one start of a minute to another. No date arithmetic to a number is common to both engines. #}
{% macro minutes_between(first_minute, last_minute) %}
    {{- return(adapter.dispatch('minutes_between')(first_minute, last_minute)) -}}
{% endmacro %}

{% macro default__minutes_between(first_minute, last_minute) %}
    {{- return('cast(extract(epoch from ' ~ last_minute ~ ' - ' ~ first_minute ~ ') / 60 as int)') -}}
{% endmacro %}

{% macro spark__minutes_between(first_minute, last_minute) %}
    {{- return('cast((unix_seconds(' ~ last_minute ~ ') - unix_seconds(' ~ first_minute ~ ')) / 60 as int)') -}}
{% endmacro %}
