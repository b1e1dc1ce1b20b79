{#
    A predicate on `bar_hour` (or `bar_day`): the hours whose `what` ('updates', 'bars' or 'indicators') this build
    rebuilds, and `hours_before` each run of them, or all hours of their days. Written out as literals, because only
    those keep Spark from listing every partition.
#}
{% macro hours_to_rebuild(what, hours_before=0, of_whole_days=false, column='bar_hour') %}
    {% set scope = bookkeeping('build_scope') %}
    {% if scope is none %}{{ return('true') }}{% endif %}
    {% set runs = run_query('select first_hour, last_hour from ' ~ scope ~ " where what = '" ~ what ~ "'") %}
    {% set predicates = [] %}
    {% for run in runs %}
        {% set first = (run[0] - modules.datetime.timedelta(hours=hours_before)).strftime('%Y-%m-%dT%H') %}
        {% set last = run[1].strftime('%Y-%m-%dT%H') %}
        {% if of_whole_days %}{% set first, last = first[:10] ~ 'T00', last[:10] ~ 'T23' %}{% endif %}
        {% if column == 'bar_day' %}{% set first, last = first[:10], last[:10] %}{% endif %}
        {% do predicates.append(column ~ " between '" ~ first ~ "' and '" ~ last ~ "'") %}
    {% endfor %}
    {{ return('(' ~ (predicates | join(' or ')) ~ ')' if predicates else 'false') }}
{% endmacro %}

{# A table of the schema `builds`, or none before the first build. Tests and hooks may look at it too: they cannot ref. #}
{% macro bookkeeping(name) %}
    {{- return(adapter.get_relation(model.database, 'builds', name) if execute) -}}
{% endmacro %}
