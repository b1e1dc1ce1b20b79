{#
    What `dbt build` and `dbt run` do in the end: a build is finished when every model has succeeded and every test that
    belongs to a build has passed on it, in this command or in others since it began.
#}
{% macro finish_build(results) %}
    {% if not execute or flags.WHICH not in ['build', 'run'] %}{{ return('') }}{% endif %}
    {% do forget_half_made(results) %}
    {% set build = last_build() %}
    {% if build is none or build.is_finished %}{{ return('') }}{% endif %}
    {% if not is_production() and horizon() != read_horizon() %}  {# whose lock `coinloom maintain` does not hold #}
        {% do log('Build ' ~ build.build_number ~ ' is not finished: landing was removed meanwhile, maybe before it was read. Run dbt build --full-refresh.', info=true) %}
        {{ return('') }}
    {% endif %}
    {% set passed = [] if build.begun_by == invocation_id else passed_nodes(build) %}
    {% for result in results if result.status in ['success', 'pass', 'warn'] %}
        {% do passed.append(result.node.unique_id) %}
    {% endfor %}
    {% set left = required_nodes() | reject('in', passed) | list %}
    {% if left %}
        {% do remember_passed(passed, build) %}
        {% do log('Build ' ~ build.build_number ~ ' is not finished: ' ~ named(left) ~ ' still to pass. dbt build does what is left.', info=true) %}
    {% else %}
        {% do write_hour_versions(builds_table('hour_versions'), builds_table('int_build_hour_versions')) %}
    {% endif %}
{% endmacro %}

{% macro named(nodes) %}
    {% set names = [] %}
    {% for node in nodes %}{% do names.append(graph.nodes[node].name) %}{% endfor %}
    {{ return(names[:3] | join(', ') ~ (' and ' ~ (names | length - 3) ~ ' more are' if names | length > 3 else (' are' if names | length > 1 else ' is'))) }}
{% endmacro %}

{# What a finished build consists of: all models, and the data tests with the tag every_build. By unique id. #}
{% macro required_nodes() %}
    {% set required = [] %}
    {% for node in graph.nodes.values() if node.resource_type == 'model' or 'every_build' in node.tags %}
        {% do required.append(node.unique_id) %}
    {% endfor %}
    {{ return(required) }}
{% endmacro %}
