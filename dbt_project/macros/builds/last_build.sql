{#
    The build that began last: its number, the command that began it, the instant `known_at` that it was made for, the
    number of the last finished build, 0 if there is none, and whether that is this one. None before the first build of
    any prices.
#}
{% macro last_build() %}
    {% set offsets, versions = builds_table('int_build_offsets'), builds_table('hour_versions') %}
    {% if offsets is none or versions is none %}{{ return(none) }}{% endif %}
    {% set begun = run_query(
        'select build_number, max(begun_by), max(known_at), (select coalesce(max(build_number), 0) from ' ~ versions ~ ')'
        ~ ' from ' ~ offsets ~ ' group by build_number order by build_number desc limit 1'
    ).rows %}
    {% if not begun %}{{ return(none) }}{% endif %}
    {% set number, begun_by, known_at, finished = begun[0] %}
    {{ return({
        'build_number': number, 'begun_by': begun_by, 'known_at': known_at, 'finished': finished, 'is_finished': number == finished
    }) }}
{% endmacro %}

{# Which nodes have passed on that build, and not been touched since. By unique id. #}
{% macro passed_nodes(build) %}
    {{ return(run_query(
        'select node from ' ~ builds_table('passed_nodes') ~ " where begun_by = '" ~ build.begun_by ~ "'"
    ).columns[0].values() | list) }}
{% endmacro %}

{% macro remember_passed(nodes, build) %}
    {% set table = builds_table('passed_nodes') %}
    {% do run_query('truncate table ' ~ table) %}
    {% set rows = [] %}
    {% for node in nodes %}{% do rows.append("('" ~ build.begun_by ~ "', '" ~ node ~ "')") %}{% endfor %}
    {% if rows %}{% do run_query('insert into ' ~ table ~ ' values ' ~ rows | join(', ')) %}{% endif %}
{% endmacro %}
