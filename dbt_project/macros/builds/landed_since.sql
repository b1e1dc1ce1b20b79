{#
    A predicate on `landed_hour` that holds for every row that no finished build has read, and for few others. New rows
    land in the newest hour or later; one hour more costs nothing and forgives a second stream.
#}
{% macro landed_since(landed_hour) %}
    {% if not landed_hour %}{{ return('true') }}{% endif %}
    {% set format = '%Y-%m-%dT%H' %}
    {% set hour = modules.datetime.datetime.strptime(landed_hour, format) - modules.datetime.timedelta(hours=1) %}
    {{ return("landed_hour >= '" ~ hour.strftime(format) ~ "'") }}
{% endmacro %}

{# True if this build starts from nothing: a full refresh, or a table is not there. #}
{% macro starts_from_nothing() %}
    {% if not execute or flags.FULL_REFRESH %}{{ return(true) }}{% endif %}
    {% for node in graph.nodes.values() if node.config.materialized == 'incremental' %}
        {% if adapter.get_relation(node.database, node.schema, node.alias) is none %}{{ return(true) }}{% endif %}
    {% endfor %}
    {{ return(false) }}
{% endmacro %}
