{# A predicate for data tests: the hours of `what` that the last build rebuilt, and `hours_before` each stretch of them; with test_whole_history, all. #}
{% macro tested_hours(what, column='bar_hour', hours_before=0) %}
    {{- return('true' if var('test_whole_history') else hours_to_rebuild(what, hours_before, column=column)) -}}
{% endmacro %}
