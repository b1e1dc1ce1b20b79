{# The newest `landed_hour` that the last finished build has seen; none if none has finished. #}
{% macro newest_hour_read() %}
    {% set offsets, versions = builds_table('int_build_offsets'), builds_table('hour_versions') %}
    {% if offsets is none or versions is none %}{{ return(none) }}{% endif %}
    {{ return(run_query(
        'select max(newest_landed_hour) from ' ~ offsets
        ~ ' where build_number = (select max(build_number) from ' ~ versions ~ ')'
    )[0][0]) }}
{% endmacro %}

{# What int_build_offsets noted of it for the build that began last. #}
{% macro read_from_hour() %}
    {% set offsets = builds_table('int_build_offsets') %}
    {% if offsets is none %}{{ return(none) }}{% endif %}
    {{ return(run_query(
        'select max(read_from_hour) from ' ~ offsets ~ ' where build_number = ' ~ this_build(offsets)
    )[0][0]) }}
{% endmacro %}
