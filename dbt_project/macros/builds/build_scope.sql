{#
    The hours that this build rebuilds, or, when no build is under way, those of the last one: rows of int_build_scope;
    none before the first build. Every model and test of hours asks for them, so a dbt command reads them once and keeps
    them beside the graph, which its threads share.
#}
{% macro build_scope() %}
    {% if not execute %}{{ return(none) }}{% endif %}
    {% set kept = graph.get('build_scope', {}) %}
    {% if kept.read_by != invocation_id %}
        {% set scope = builds_table('int_build_scope', or_deferred=true) %}
        {% if scope is none %}{{ return(none) }}{% endif %}
        {% set hours = run_query('select what, first_hour, last_hour from ' ~ scope).rows %}
        {% set kept = {'read_by': invocation_id, 'hours': hours} %}
        {% do graph.update({'build_scope': kept}) %}
    {% endif %}
    {{ return(kept.hours) }}
{% endmacro %}

{# After int_build_scope was built. #}
{% macro forget_build_scope() %}
    {% do graph.pop('build_scope', none) %}
{% endmacro %}
