{# True if a build began to write after the last finished one: a kill while Spark replaces a partition can lose it. #}
{% macro last_build_was_cut_off() %}
    {% set begun = [] %}
    {% for name, condition in {'int_build_offsets': ' where is_repair', 'int_build_scope': ''}.items() %}
        {% if builds_table(name) is not none %}
            {% do begun.append('select build_number from ' ~ builds_table(name) ~ condition) %}
        {% endif %}
    {% endfor %}
    {% if not begun %}{{ return(false) }}{% endif %}
    {% set unfinished %}
        select count(*)
        from ({{ begun | join(' union all ') }}) as begun
        where build_number > (select coalesce(max(build_number), 0) from {{ builds_table('hour_versions') }})
    {% endset %}
    {{ return(run_query(unfinished)[0][0] > 0) }}
{% endmacro %}
