{# A predicate for data tests: the hours of `what` that the last build rebuilt; with test_whole_history, all. #}
{% macro tested_hours(what, column='bar_hour') %}
    {{- return('true' if var('test_whole_history') else hours_to_rebuild(what, column=column)) -}}
{% endmacro %}

{# dbt asks this macro which rows a generic test looks at. `where: tested hours of bars`, or days, names them. #}
{% macro get_where_subquery(relation) %}
    {% set where = config.get('where') %}
    {% if not where %}{{ return(relation) }}{% endif %}
    {% set words = where.split(' ') %}
    {% if words[0] == 'tested' %}
        {% set where = tested_hours(words[3], column='bar_day' if words[1] == 'days' else 'bar_hour') %}
    {% endif %}
    {{- return('(select * from ' ~ relation ~ ' where ' ~ where ~ ') dbt_subquery') -}}
{% endmacro %}
