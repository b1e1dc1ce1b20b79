{#
    What `coinloom maintain` has written to landing.horizon: an hour, or none. In PostgreSQL it is a table. On Spark it is a
    folder of the lake, so that every catalog finds it, and each command declares the table over it.
#}
{% macro read_horizon() %}{{ return(adapter.dispatch('read_horizon')()) }}{% endmacro %}

{% macro default__read_horizon() %}
    {% if run_query("select to_regclass('landing.horizon')")[0][0] is none %}{{ return(none) }}{% endif %}
    {{ return(run_query('select max(bar_hour) from landing.horizon')[0][0]) }}
{% endmacro %}

{% macro spark__read_horizon() %}
    {% do lake_table('landing.horizon', 'bar_hour string') %}
    {% do run_query('refresh table landing.horizon') %}
    {{ return(run_query('select max(bar_hour) from landing.horizon')[0][0]) }}
{% endmacro %}
