{# Ends the command before it has changed anything, if no later build could make good what it would do. #}
{% macro refuse_what_cannot_be_made_safe(models) %}
    {% set begins, taken = 'model.coinloom.int_build_offsets' in models, taken_from_before(models) %}
    {% if flags.EMPTY or invocation_args_dict.sample %}
        {{ refuse('--empty and --sample leave rows out of tables that keep a history.', 'dbt compile') }}
    {% elif known_at() and is_production() %}
        {{ refuse('known_at would take what readers see back into the past.', 'the same command with --target dev') }}
    {% elif begins and taken %}
        {{ refuse('int_build_offsets begins a build, and the other models would not know its hours.',
                  'the same command with int_build_clocks and int_build_scope, or without int_build_offsets') }}
    {% endif %}
    {% if horizon() %}{% do refuse_to_lose_history(models) %}{% endif %}
    {% if invocation_args_dict.defer %}
        {% do refuse_to_defer_to_a_slice(models) %}
    {% elif not begins %}
        {% do refuse_to_work_on_no_build(models, taken) %}
    {% endif %}
    {% if not is_production() %}{% do refuse_to_mix_two_pasts(models) %}{% endif %}
{% endmacro %}

{#
    Which tables that tell the hours of a build are read by these models, or by what they read, and not built before them.
    Their names.
#}
{% macro taken_from_before(models) %}
    {% set taken = [] %}
    {% for name in ['int_build_clocks', 'int_build_scope'] %}
        {% set table = 'model.coinloom.' ~ name %}
        {% if table not in models and with_descendants([table]) | select('in', models) | list %}{% do taken.append(name) %}{% endif %}
    {% endfor %}
    {{ return(taken) }}
{% endmacro %}

{% macro refuse_to_work_on_no_build(models, taken) %}
    {% set build, missing = last_build(), missing_tables(models) %}
    {% if build is none %}
        {% if taken %}{{ refuse('No build has come as far as to say which hours it rebuilds.', 'dbt build') }}{% endif %}
    {% elif build.build_number > build.finished + 1 %}
        {{ refuse('builds.hour_versions has lost which build has finished.', 'dbt build, which begins from nothing') }}
    {% elif not are_of(build, taken) %}
        {{ refuse('The last build has not come as far as to say which hours it rebuilds.', 'dbt build') }}
    {% endif %}
    {% if missing and not flags.FULL_REFRESH %}
        {{ refuse(missing | join(', ') ~ ' is not there, or not whole, and would have the hours of the last build only.',
                  'dbt build, or the same command with --full-refresh') }}
    {% endif %}
{% endmacro %}

{# True if these tables, of those above, are about this build. A build that rebuilds nothing has a scope without rows. #}
{% macro are_of(build, tables) %}
    {% for name in tables %}
        {% set table = builds_table(name) %}
        {% if table is none %}{{ return(false) }}{% endif %}
        {% set numbers = run_query('select distinct build_number from ' ~ table).columns[0].values() | list %}
        {% if build.build_number not in numbers and (numbers or name != 'int_build_scope') %}{{ return(false) }}{% endif %}
    {% endfor %}
    {{ return(true) }}
{% endmacro %}

{#
    int_prices keeps what is gone from landing. Without it, history would begin with the horizon; made anew alone, it might
    be left half; of an old backup, it would lack what came between that and landing; and who has not read what is gone
    would not notice the gap.
#}
{% macro refuse_to_lose_history(models) %}
    {% if is_production() %}
        {% set prices, begins, is_lost = kept_prices(), 'model.coinloom.int_build_offsets' in models, var('history_is_lost') %}
        {% if prices is none and not is_lost %}
            {{ refuse('int_prices is not there, and landing has lost what the bars before ' ~ horizon() ~ ' were made of.',
                      "dbt build --full-refresh, after int_prices was restored from a backup; or, if they are lost for good, dbt build --full-refresh --vars 'history_is_lost: true'") }}
        {% elif flags.FULL_REFRESH and 'model.coinloom.int_prices' in models and not begins %}
            {{ refuse('int_prices loses the hours from ' ~ horizon() ~ ' on before it makes them anew, and were this cut off, only a build from nothing would notice.',
                      'dbt build --full-refresh') }}
        {% elif flags.FULL_REFRESH and begins and prices is not none and not is_lost %}
            {% set newest = run_query('select ' ~ hour_of('max(landed_at)') ~ ' from ' ~ prices)[0][0] %}
            {% if not newest or not can_read_on(newest) %}
                {{ refuse('int_prices ends with what landed at ' ~ (newest or 'no hour') ~ ', and what came next is gone from landing.',
                          "the same command after a later backup of int_prices was restored; or, if nothing came next or it is lost for good, with --vars 'history_is_lost: true'") }}
            {% endif %}
        {% endif %}
    {% elif not flags.FULL_REFRESH and newest_hour_read() and not can_read_on(newest_hour_read()) %}
        {{ refuse('These tables have read landing until ' ~ newest_hour_read() ~ ', and what came next is gone from there.', 'dbt build --full-refresh') }}
    {% endif %}
{% endmacro %}

{# Landing has lost no hour from 24 before the horizon on: see maintenance/landing_retention.py. #}
{% macro can_read_on(landed_hour) %}
    {% set format = '%Y-%m-%dT%H' %}
    {% set first = modules.datetime.datetime.strptime(horizon(), format) - modules.datetime.timedelta(hours=24) %}
    {{ return(landed_hour >= first.strftime(format)) }}
{% endmacro %}

{# A table that is not made anew may hold hours that nobody knew of then. #}
{% macro refuse_to_mix_two_pasts(models) %}
    {% set build = last_build() %}
    {% set left_out = [] %}
    {% for node in required_nodes() if node.startswith('model.') and node not in models %}{% do left_out.append(node) %}{% endfor %}
    {% if flags.FULL_REFRESH and not left_out %}{{ return('') }}{% endif %}
    {% if build is not none and build.known_at != known_at() %}
        {{ refuse('These tables are those of ' ~ ('known_at ' ~ build.known_at if build.known_at else 'today') ~ '.',
                  'dbt build --full-refresh' ~ (" --vars 'known_at: ...'" if known_at() else '')) }}
    {% elif known_at() and (build is none or not build.is_finished) %}
        {{ refuse('known_at makes every table anew, in one command.', "dbt build --full-refresh --vars 'known_at: ...'") }}
    {% endif %}
{% endmacro %}

{# With --defer the views of production are read, and those that show only the hours of a build are not ours to widen. #}
{% macro refuse_to_defer_to_a_slice(models) %}
    {% for slice in slices_without(models) if flags.FULL_REFRESH %}
        {{ refuse('The tables would be made of ' ~ slice.name ~ ' of production, which shows only the hours of its last build.',
                  'the same command with --select ' ~ slice.name ~ '+') }}
    {% endfor %}
{% endmacro %}

{% macro refuse(why, instead) %}
    {{ exceptions.raise_compiler_error(why ~ ' Nothing was changed. Run instead: ' ~ instead) }}
{% endmacro %}
