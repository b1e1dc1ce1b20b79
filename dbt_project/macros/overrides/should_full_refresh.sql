{#
    Replaces dbt's: with --full-refresh a table is dropped and made anew. int_prices is not, once it holds hours that landing
    cannot give again: it replaces all others.
#}
{% macro should_full_refresh() %}
    {% set configured = config.get('full_refresh') %}
    {% if configured is not none %}{{ return(configured) }}{% endif %}
    {{ return(flags.FULL_REFRESH and not (model.name == 'int_prices' and kept_prices() is not none)) }}
{% endmacro %}
