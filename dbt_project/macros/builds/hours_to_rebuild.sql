{#
    A predicate on `bar_hour` (or `bar_day`): the hours whose `what` ('updates', 'bars' or 'indicators') this build
    rebuilds, and `hours_before` each stretch of them, or all hours of their days. Written out as literals, because only
    those keep Spark from listing every partition. A full refresh is about every hour.
#}
{% macro hours_to_rebuild(what, hours_before=0, of_whole_days=false, column='bar_hour') %}
    {% set scope = none if flags.FULL_REFRESH and not is_unit_test() else build_scope() %}
    {% if scope is none %}{{ return('true') }}{% endif %}
    {% set predicates = [] %}
    {% for stretch in scope if stretch['what'] == what %}
        {% set first = (stretch['first_hour'] - modules.datetime.timedelta(hours=hours_before)).strftime('%Y-%m-%dT%H') %}
        {% set last = stretch['last_hour'].strftime('%Y-%m-%dT%H') %}
        {% if of_whole_days %}{% set first, last = first[:10] ~ 'T00', last[:10] ~ 'T23' %}{% endif %}
        {% if column == 'bar_day' %}{% set first, last = first[:10], last[:10] %}{% endif %}
        {% do predicates.append(column ~ " between '" ~ first ~ "' and '" ~ last ~ "'") %}
    {% endfor %}
    {{ return('(' ~ (predicates | join(' or ')) ~ ')' if predicates else 'false') }}
{% endmacro %}
