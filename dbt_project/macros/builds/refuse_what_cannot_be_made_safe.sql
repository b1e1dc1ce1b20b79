{# Ends the command before it has changed anything, if no later build could make good what it would do. #}
{% macro refuse_what_cannot_be_made_safe(models) %}
    {% set begins, works_on = 'model.coinloom.int_build_offsets' in models, hours_are_needed(models) %}
    {% if flags.EMPTY or invocation_args_dict.sample %}
        {{ refuse('--empty and --sample leave rows out of tables that keep a history.', 'dbt compile') }}
    {% elif known_at() and is_production() %}
        {{ refuse('known_at would take what readers see back into the past.', 'the same command with --target dev') }}
    {% elif begins and works_on %}
        {{ refuse('int_build_offsets begins a build, and the other models would rebuild the hours of the one before.',
                  'the same command with int_build_clocks and int_build_scope, or without int_build_offsets') }}
    {% endif %}
    {% if horizon() %}{% do refuse_to_lose_history(models) %}{% endif %}
    {% if invocation_args_dict.defer %}
        {% do refuse_to_defer_to_a_slice(models) %}
    {% elif works_on %}
        {% do refuse_to_work_on_no_build(models) %}
    {% endif %}
    {% if not is_production() %}{% do refuse_to_mix_two_pasts(models) %}{% endif %}
{% endmacro %}

{# True if models are built of the hours that int_build_scope has, and it is not built before them. #}
{% macro hours_are_needed(models) %}
    {% set scope = 'model.coinloom.int_build_scope' %}
    {{ return(scope not in models and with_descendants([scope]) | select('in', models) | list != []) }}
{% endmacro %}

{% macro refuse_to_work_on_no_build(models) %}
    {% set build, scope, missing = last_build(), builds_table('int_build_scope'), missing_tables(models) %}
    {% if build is none or scope is none %}
        {{ refuse('No build has come as far as to say which hours it rebuilds.', 'dbt build') }}
    {% elif run_query('select count(*) from ' ~ scope ~ ' where build_number <> ' ~ build.build_number)[0][0] > 0 %}
        {{ refuse('The last build has not come as far as to say which hours it rebuilds.', 'dbt build') }}
    {% elif missing and not flags.FULL_REFRESH %}
        {{ refuse(missing | join(', ') ~ ' is not there, or not whole, and would have the hours of the last build only.',
                  'dbt build, or the same command with --full-refresh') }}
    {% endif %}
{% endmacro %}

{#
    int_prices keeps what is gone from landing. Without it, history would begin with the horizon; made anew alone, it might
    be left half; and who has not read what is gone would not notice the gap.
#}
{% macro refuse_to_lose_history(models) %}
    {% if is_production() %}
        {% if kept_prices() is none and not var('history_is_lost') %}
            {{ refuse('int_prices is not there, and landing has lost what the bars before ' ~ horizon() ~ ' were made of.',
                      "the same command after int_prices was restored from a backup; or, if they are lost for good, dbt build --full-refresh --vars 'history_is_lost: true'") }}
        {% elif flags.FULL_REFRESH and 'model.coinloom.int_prices' in models and 'model.coinloom.int_build_offsets' not in models %}
            {{ refuse('int_prices loses the hours from ' ~ horizon() ~ ' on before it makes them anew, and were this cut off, only a build from nothing would notice.',
                      'dbt build --full-refresh') }}
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
