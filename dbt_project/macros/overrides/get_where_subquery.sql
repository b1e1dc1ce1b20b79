{#
    Replaces dbt's: dbt asks it which rows a generic test looks at. `where: tested hours of bars`, or days, names the
    hours that the last build rebuilt, which dbt's own could not compute: `where` is no Jinja.
#}
{% macro get_where_subquery(relation) %}
    {% set where = config.get('where') %}
    {% if not where %}{{ return(relation) }}{% endif %}
    {% set words = where.split(' ') %}
    {% if words[0] == 'tested' %}
        {% set where = tested_hours(words[3], column='bar_day' if words[1] == 'days' else 'bar_hour') %}
    {% endif %}
    {{- return('(select * from ' ~ relation ~ ' where ' ~ where ~ ') dbt_subquery') -}}
{% endmacro %}
