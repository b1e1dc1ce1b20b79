{#
    A predicate on `bar_hour` (or `bar_day`): the hours whose `what` ('updates', 'bars' or 'indicators') this build
    rebuilds, and `hours_before` each stretch of them, or all hours of their days. Written out as literals, because only
    those keep Spark from listing every partition. A full refresh is about every hour.
#}
{% macro hours_to_rebuild(what, hours_before=0, of_whole_days=false, column='bar_hour') %}
    {% set scope = builds_table('int_build_scope', or_deferred=true) %}
    {% if scope is none or flags.FULL_REFRESH %}{{ return('true') }}{% endif %}
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
