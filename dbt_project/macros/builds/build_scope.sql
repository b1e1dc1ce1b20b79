{# Rows of int_build_scope: the hours that this build rebuilds, or, when none is under way, the last one. #}
{% macro build_scope() %}
    {% set hours = hours_of_build() %}
    {{ return(none if hours is none else hours | rejectattr('what', 'eq', 'clocks') | list) }}
{% endmacro %}

{# The hours of the currencies' newest minutes: a list; none before the first build. #}
{% macro clock_hours() %}
    {% set hours = hours_of_build() %}
    {% if hours is none %}{{ return(none) }}{% endif %}
    {% set named = [] %}
    {% for row in hours if row['what'] == 'clocks' %}{% do named.append(row['first_hour'].strftime('%Y-%m-%dT%H')) %}{% endfor %}
    {{ return(named) }}
{% endmacro %}

{#
    Both; none before the first build. Every model and test of hours asks for them, so a dbt command reads them once and
    keeps them beside the graph, which its threads share.
#}
{% macro hours_of_build() %}
    {% if not execute %}{{ return(none) }}{% endif %}
    {% set kept = graph.get('hours_of_build', {}) %}
    {% if kept.read_by != invocation_id %}
        {% set scope = builds_table('int_build_scope', or_deferred=true) %}
        {% set clocks = builds_table('int_build_clocks', or_deferred=true) %}
        {% set offsets = builds_table('int_build_offsets', or_deferred=true) %}
        {% if scope is none or clocks is none or offsets is none %}{{ return(none) }}{% endif %}
        {% set hours = run_query(
            'select what, first_hour, last_hour from ' ~ scope
            ~ " union all select distinct 'clocks', date_trunc('hour', newest_minute), date_trunc('hour', newest_minute) from "
            ~ clocks ~ ' where newest_minute is not null and build_number = ' ~ this_build(offsets)
        ).rows %}
        {% set kept = {'read_by': invocation_id, 'hours': hours} %}
        {% do graph.update({'hours_of_build': kept}) %}
    {% endif %}
    {{ return(kept.hours) }}
{% endmacro %}

{# After int_build_clocks and int_build_scope were built. #}
{% macro forget_hours_of_build() %}
    {% do graph.pop('hours_of_build', none) %}
{% endmacro %}
