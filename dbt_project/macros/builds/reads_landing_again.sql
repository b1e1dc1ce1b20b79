{#
    True if int_prices makes its hours from landing again instead of from its own rows, which a command that was killed
    may have lost. A command that begins no build cannot know what the one before it has lost.
#}
{% macro reads_landing_again() %}
    {% set offsets = builds_table('int_build_offsets') %}
    {% if offsets is none %}{{ return(false) }}{% endif %}
    {% set models = selected_models() %}
    {% if models and 'model.coinloom.int_build_offsets' not in models and not is_unit_test() %}{{ return(true) }}{% endif %}
    {% set repairs %}
        select count(*) from {{ offsets }}
        where is_repair and build_number = {{ this_build(offsets) }}
    {% endset %}
    {{ return(run_query(repairs)[0][0] > 0) }}
{% endmacro %}
