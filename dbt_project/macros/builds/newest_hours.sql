{# A predicate on `bar_hour`: the hour of each currency's newest minute, as literals for the sake of Spark's partitions. #}
{% macro newest_hours() %}
    {% set clocks = builds_table('int_build_clocks', or_deferred=true) %}
    {% set offsets = builds_table('int_build_offsets', or_deferred=true) %}
    {% if clocks is none %}{{ return('true') }}{% endif %}
    {% set hours = run_query(
        'select distinct ' ~ hour_of('newest_minute') ~ ' as bar_hour from ' ~ clocks
        ~ ' where newest_minute is not null and build_number = ' ~ this_build(offsets)
    ) %}
    {% set predicates = [] %}
    {% for hour in hours %}{% do predicates.append("bar_hour = '" ~ hour[0] ~ "'") %}{% endfor %}
    {{ return('(' ~ (predicates | join(' or ')) ~ ')' if predicates else 'false') }}
{% endmacro %}
