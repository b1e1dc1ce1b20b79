{# A predicate for data tests: the hours of `what` that the last build rebuilt; with test_whole_history, all. #}
{% macro tested_hours(what, column='bar_hour') %}
    {{- return('true' if var('test_whole_history') else hours_to_rebuild(what, column=column)) -}}
{% endmacro %}
