{# Below the list of failed tests dbt says how many rows each of them found. This shows one of the rows. #}
{% macro show_failed_tests(results) %}
    {% if not execute %}{{ return('') }}{% endif %}
    {% for result in results if result.status in ['fail', 'warn'] and result.node.resource_type == 'test' and result.failures %}
        {% set found = run_query('select * from (' ~ result.node.compiled_code ~ ') as failures limit 1') %}
        {% set values = [] %}
        {% for row in found.rows %}
            {% for column in found.column_names %}{% do values.append(column ~ ' = ' ~ row[column]) %}{% endfor %}
        {% endfor %}
        {% do log(result.node.name ~ ' found a row with ' ~ values | join(', '), info=true) %}
    {% endfor %}
{% endmacro %}
