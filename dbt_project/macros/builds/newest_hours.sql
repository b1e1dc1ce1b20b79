{# A predicate on `bar_hour`: the hour of each currency's newest minute, as literals for the sake of Spark's partitions. #}
{% macro newest_hours() %}{{ return(in_hours(clock_hours())) }}{% endmacro %}

{#
    The hours of the newest bars of all coins that have one in the last 24 hours of their currency; none before the first
    build. As a rule they are one or two. They are known before a model reads minutes of them, so it need not read a day.
#}
{% macro newest_bar_hours(hour_bars) %}
    {% set hours = clock_hours() %}
    {% if not hours %}{{ return(hours) }}{% endif %}
    {{ return(run_query(
        'select distinct bar_hour from (select max(bar_hour) as bar_hour from ' ~ hour_bars
        ~ ' where ' ~ in_hours(hours, range(25)) ~ ' group by vs_currency, coin_id) as newest'
    ).columns[0].values() | list) }}
{% endmacro %}

{#
    The hours of the currencies' newest minutes: a list; none before the first build. Kept for a dbt command, as build_scope
    is.
#}
{% macro clock_hours() %}
    {% if not execute %}{{ return(none) }}{% endif %}
    {% set kept = graph.get('clock_hours', {}) %}
    {% if kept.read_by != invocation_id %}
        {% set clocks = builds_table('int_build_clocks', or_deferred=true) %}
        {% set offsets = builds_table('int_build_offsets', or_deferred=true) %}
        {% if clocks is none or offsets is none %}{{ return(none) }}{% endif %}  {# `dbt clone` makes both at the same time #}
        {% set hours = run_query(
            'select distinct ' ~ hour_of('newest_minute') ~ ' as bar_hour from ' ~ clocks
            ~ ' where newest_minute is not null and build_number = ' ~ this_build(offsets)
        ).columns[0].values() | list %}
        {% set kept = {'read_by': invocation_id, 'hours': hours} %}
        {% do graph.update({'clock_hours': kept}) %}
    {% endif %}
    {{ return(kept.hours) }}
{% endmacro %}

{# After int_build_clocks was built: before the models that ask, which would ask at the same time. #}
{% macro read_clock_hours_again() %}
    {% do graph.pop('clock_hours', none) %}
    {% do clock_hours() %}
{% endmacro %}

{# A predicate on `bar_hour`: the hours that are so many hours before one of these; every hour if these are none. #}
{% macro in_hours(hours, before=[0]) %}
    {% if hours is none %}{{ return('true') }}{% endif %}
    {% set named = [] %}
    {% for hour in hours %}
        {% set start = modules.datetime.datetime.strptime(hour, '%Y-%m-%dT%H') %}
        {% for n in before %}
            {% do named.append("'" ~ (start - modules.datetime.timedelta(hours=n)).strftime('%Y-%m-%dT%H') ~ "'") %}
        {% endfor %}
    {% endfor %}
    {{ return('bar_hour in (' ~ named | unique | sort | join(', ') ~ ')' if named else 'false') }}
{% endmacro %}
