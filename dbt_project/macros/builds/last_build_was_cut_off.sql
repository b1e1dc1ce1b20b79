{#
    True if a build began to write after the last finished one. A kill while Spark replaces a partition of
    stg_coingecko__prices can lose it; everything else is made from other tables again.
#}
{% macro last_build_was_cut_off(build_offsets) %}
    {% set begun = ["select build_number from " ~ build_offsets ~ " where is_repair"] %}
    {% set scope = bookkeeping('build_scope') %}
    {% if scope %}{% do begun.append("select build_number from " ~ scope) %}{% endif %}
    {% set unfinished %}
        select count(*)
        from ({{ begun | join(' union all ') }}) as begun
        where build_number > (select coalesce(max(build_number), 0) from {{ source('builds', 'hour_versions') }})
    {% endset %}
    {{ return(run_query(unfinished)[0][0] > 0) }}
{% endmacro %}
