{# True if a build was cut off since the last finished one: see last_build_was_cut_off. #}
{% macro needs_repair() %}
    {% set offsets = bookkeeping('build_offsets') %}
    {% if offsets is none %}{{ return(false) }}{% endif %}
    {% set repairs %}
        select count(*) from {{ offsets }}
        where is_repair and build_number = (select max(build_number) from {{ offsets }})
    {% endset %}
    {{ return(run_query(repairs)[0][0] > 0) }}
{% endmacro %}
