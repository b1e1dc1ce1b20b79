{#
    Indicators go on from the hour before those that are rebuilt: its last bars, with what crypto_table says of them, stand
    for all of history before. See docs/decisions/0020-indicators-go-on-from-the-hour-before.md.
#}

{#
    The relation crypto_table, if this command may go on from what it holds: none if every hour is rebuilt, or where its hours
    do not follow from our own table, with --defer and after `dbt clone`, which makes a view of somebody else's.
#}
{% macro carried_from() %}
    {% if not execute or flags.FULL_REFRESH or invocation_args_dict.defer or build_scope() is none %}{{ return(none) }}{% endif %}
    {% set crypto_table = relation_of(graph.nodes['model.coinloom.crypto_table']) %}
    {{ return(crypto_table if crypto_table is not none and crypto_table.is_table else none) }}
{% endmacro %}

{#
    How many bars before the first that is rebuilt are carried: as many as an indicator remembers, or, if it goes on from
    its last value, as many as it waits for the first.
#}
{% macro carried_minutes() %}
    {% set minutes = [] %}
    {% for name in var('memory') %}
        {% do minutes.append(minutes_before_first_value(name) if var('memory')[name].is_carried else memory_minutes(name)) %}
    {% endfor %}
    {{ return(minutes | max) }}
{% endmacro %}

{# How many hours before those that are rebuilt have to be complete, because indicators go on from them. #}
{% macro carried_hours() %}{{ return((carried_minutes() + 59) // 60 if carried_from() else 0) }}{% endmacro %}

{% macro minutes_before_first_value(name) %}
    {% set made_of = var('memory')[name].made_of %}
    {{ return(longest(name) + (minutes_before_first_value(made_of) if made_of else 0)) }}
{% endmacro %}

{# The averages that go on from their own last value, and the MACD, of which one of them is made: columns of crypto_table. #}
{% macro carried_averages() %}
    {% set columns = [] %}
    {% for n in moving_average_lengths() %}{% do columns.append('ema_' ~ n) %}{% endfor %}
    {% do columns.extend(['macd', 'macd_signal']) %}
    {% for n in lengths('rsi_windows') %}{% do columns.extend(['average_gain_' ~ n, 'average_loss_' ~ n]) %}{% endfor %}
    {{ return(columns) }}
{% endmacro %}

{# The column of int_indicator_bars that has one of them. #}
{% macro carried(average) %}{{ return('carried_' ~ average) }}{% endmacro %}

{#
    A carried average, and 0 for one below 1e-100: of a price that stands still for a week, averages of its moves fade to less
    than a double holds, and PostgreSQL then refuses to multiply them. Prices are at least 1e-30 (decision 11).
#}
{% macro unless_faded(average) %}{{ return('case when abs(' ~ average ~ ') < 1e-100 then 0 else ' ~ average ~ ' end') }}{% endmacro %}

{#
    The stretches of hours whose indicators this build rebuilds, as pairs of their first and last hour. Where one would go
    on from hours of the one before, the two are one, with the hours between them.
#}
{% macro indicator_stretches() %}
    {% set least_gap = modules.datetime.timedelta(hours=1, minutes=carried_minutes()) %}
    {% set stretches = [] %}
    {% for stretch in build_scope() | selectattr('what', 'eq', 'indicators') | sort(attribute='first_hour') %}
        {% if stretches and stretch['first_hour'] - stretches[-1][1] < least_gap %}
            {% do stretches.append((stretches.pop()[0], stretch['last_hour'])) %}
        {% else %}
            {% do stretches.append((stretch['first_hour'], stretch['last_hour'])) %}
        {% endif %}
    {% endfor %}
    {{ return(stretches) }}
{% endmacro %}

{# A predicate: the bars of these stretches. #}
{% macro rebuilt_hours(stretches) %}
    {% set predicates = [] %}
    {% for first, last in stretches %}{% do predicates.append(hours_between(first, last)) %}{% endfor %}
    {{ return('(' ~ (predicates | join(' or ')) ~ ')' if predicates else 'false') }}
{% endmacro %}

{# A predicate: the last bars before each of these stretches. #}
{% macro carried_bars(stretches) %}
    {% set predicates = [] %}
    {% for first, _ in stretches %}
        {% set carried, last = first - modules.datetime.timedelta(minutes=carried_minutes()), first - modules.datetime.timedelta(minutes=1) %}
        {% do predicates.append('(' ~ hours_between(carried, last) ~ " and bar_minute >= timestamp '" ~ carried ~ "')") %}
    {% endfor %}
    {{ return('(' ~ (predicates | join(' or ')) ~ ')') }}
{% endmacro %}

{% macro hours_between(first, last) %}
    {{ return("bar_hour between '" ~ first.strftime('%Y-%m-%dT%H') ~ "' and '" ~ last.strftime('%Y-%m-%dT%H') ~ "'") }}
{% endmacro %}

{# The first hour of the stretch that a bar, in it or at most `before` minutes before it, is read for; null without any. #}
{% macro rebuilt_from(stretches, before=0) %}
    {% set cases = [] %}
    {% for first, last in stretches | reverse %}
        {% set since = first - modules.datetime.timedelta(minutes=before) %}
        {% do cases.append("when bar_minute >= timestamp '" ~ since ~ "' then timestamp '" ~ first ~ "'") %}
    {% endfor %}
    {{ return('case ' ~ (cases | join(' ')) ~ ' end' if cases else 'cast(null as timestamp)') }}
{% endmacro %}
