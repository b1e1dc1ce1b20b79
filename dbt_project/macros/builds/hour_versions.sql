{#
    builds.hour_versions says which build has finished, and which command last rebuilt each hour. Its rows are those of the
    last two builds, each in a slot of its own.
#}

{# The end of a build: after it, and not before, the build is finished. #}
{% macro write_hour_versions(table, versions) %}
    {% do run_query(replace_slots(table, 'select build_number, bar_hour, coalesce(rebuilt_by, \'' ~ invocation_id ~ '\') as rebuilt_by, slot from ' ~ versions)) %}
{% endmacro %}

{# Take the end of a build back. #}
{% macro open_again(table, build_number) %}
    {% do run_query(delete_slot(table, build_number % 2)) %}
{% endmacro %}

{# Every hour gets a new version, because every hour of some table is about to change: all of it is published again. #}
{% macro renew_versions(table) %}
    {% do run_query(replace_slots(table, 'select build_number, bar_hour, \'' ~ invocation_id ~ '\' as rebuilt_by, slot from ' ~ table)) %}
{% endmacro %}
