{#
    The first hour of bars of which landing still has every update, such as 2026-11-22T16; none as long as nothing was
    removed from landing. `coinloom maintain` writes it to landing.horizon before it removes anything. See
    docs/decisions/0033-landing-may-go-prices-stay.md. Unit tests have none.
#}
{% macro horizon() %}
    {% if not execute or is_unit_test() %}{{ return(none) }}{% endif %}
    {% set kept = graph.get('horizon', {}) %}
    {% if kept.read_by != invocation_id %}
        {% set kept = {'read_by': invocation_id, 'hour': read_horizon()} %}
        {% do graph.update({'horizon': kept}) %}
    {% endif %}
    {{ return(kept.hour) }}
{% endmacro %}

{# A predicate: hours that can be made from landing. Those before are never written again. #}
{% macro since_horizon(bar_hour='bar_hour') %}
    {{- return(bar_hour ~ " >= '" ~ horizon() ~ "'" if horizon() else 'true') -}}
{% endmacro %}

{#
    The relation int_prices, if it holds hours that landing cannot give again: it then keeps them, whatever is made anew.
    None outside of production, where a full refresh begins with the horizon.
#}
{% macro kept_prices() %}
    {% if not execute or not is_production() or not horizon() %}{{ return(none) }}{% endif %}
    {{ return(relation_of(graph.nodes['model.coinloom.int_prices'])) }}
{% endmacro %}

{#
    What a full refresh does to int_prices while it keeps hours, in place of dropping it: it gets the columns that are new,
    and loses the hours that follow from landing. A statement, or nothing.
#}
{% macro empty_since_horizon() %}
    {% set prices = kept_prices() if flags.FULL_REFRESH else none %}
    {% if prices is none %}{{ return('') }}{% endif %}
    {% do add_new_columns(prices, ref('stg_landing__crypto_prices')) %}
    {{ return(delete_hours(prices, since_horizon())) }}
{% endmacro %}

{# Columns that int_prices describes and its table does not have; the rows that it keeps have nulls there. #}
{% macro add_new_columns(table, source) %}
    {% set known = adapter.get_columns_in_relation(table) | map(attribute='name') | list %}
    {% for column in adapter.get_columns_in_relation(source) %}
        {% if column.name not in known and column.name in model.columns %}
            {% do run_query('alter table ' ~ table ~ ' add column ' ~ column.name ~ ' ' ~ column.dtype) %}
        {% endif %}
    {% endfor %}
{% endmacro %}

{# The columns of landing, in order, as int_prices has them: none of its updates is late, and where one landed it forgets. #}
{% macro as_landed(prices, landed) %}
    {% set known = adapter.get_columns_in_relation(prices) | map(attribute='name') | list %}
    {% set columns = [] %}
    {% for column in adapter.get_columns_in_relation(landed) %}
        {% if column.name in known %}{% do columns.append(column.name) %}
        {% else %}
            {% set value = 'false' if column.name in ['is_late', 'is_before_horizon'] else 'cast(null as ' ~ column.dtype ~ ')' %}
            {% do columns.append(value ~ ' as ' ~ column.name) %}
        {% endif %}
    {% endfor %}
    {{ return(columns) }}
{% endmacro %}
