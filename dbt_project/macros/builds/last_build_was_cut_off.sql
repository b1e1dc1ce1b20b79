{#
    True if a build began to write after the last finished one: a kill while Spark replaces a partition can lose it. Where
    int_build_scope is gone, a command was killed while it made it anew, and nobody knows.
#}
{% macro last_build_was_cut_off() %}
    {% set offsets, scope = builds_table('int_build_offsets'), builds_table('int_build_scope') %}
    {% if offsets is none %}{{ return(false) }}{% elif scope is none %}{{ return(true) }}{% endif %}
    {% set unfinished %}
        select count(*)
        from (
            select build_number from {{ offsets }} where is_repair
            union all
            select build_number from {{ scope }}
        ) as begun
        where build_number > (select coalesce(max(build_number), 0) from {{ builds_table('hour_versions') }})
    {% endset %}
    {{ return(run_query(unfinished)[0][0] > 0) }}
{% endmacro %}
