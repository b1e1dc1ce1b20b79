{# These nodes and all that are made of them, tests included; or only what reads them, maybe through views. By unique id. #}
{% macro with_descendants(nodes, only_through_views=false) %}
    {% set found, passed_on = {}, {} %}
    {% for node in nodes %}{% do found.update({node: true}) %}{% do passed_on.update({node: true}) %}{% endfor %}
    {% for _ in graph.nodes %}
        {% set before = found | length %}
        {% for node in graph.nodes.values() if node.unique_id not in found %}
            {% if node.depends_on.nodes | select('in', passed_on) | list %}
                {% do found.update({node.unique_id: true}) %}
                {% if node.config.materialized == 'kept_view' or not only_through_views %}
                    {% do passed_on.update({node.unique_id: true}) %}
                {% endif %}
            {% endif %}
        {% endfor %}
        {% if found | length == before %}{{ return(found.keys() | list) }}{% endif %}
    {% endfor %}
{% endmacro %}
