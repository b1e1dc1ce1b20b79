{# Ends the command before it has changed anything, if no later build could make good what it would do. #}
{% macro refuse_what_cannot_be_made_safe(models) %}
    {% set begins = nodes_that_begin_a_build() %}
    {% set tables = [begins[0]] + begins[2:] %}
    {% if flags.EMPTY or flags.SAMPLE %}
        {{ refuse('--empty and --sample leave rows out of tables that keep a history.', 'dbt compile') }}
    {% elif known_at() and is_production() %}
        {{ refuse('known_at would take what readers see back into the past.', 'the same command with --target dev') }}
    {% elif tables | select('in', models) | list and begins | reject('in', models) | list %}
        {{ refuse('A build begins with all of int_build_offsets, int_build_clocks and int_build_scope, or with none of them.',
                  'dbt ' ~ flags.WHICH ~ ' --select +int_build_scope, and then the rest of your selection') }}
    {% endif %}
    {% if begins[0] not in models and not flags.DEFER %}{% do refuse_to_work_on_no_build(models) %}{% endif %}
    {% if not is_production() and not (flags.FULL_REFRESH and begins[0] in models) %}
        {% set build = last_build() %}
        {% if build is not none and build.known_at != known_at() %}
            {{ refuse('These tables are those of ' ~ ('known_at ' ~ build.known_at if build.known_at else 'today') ~ '.',
                      'dbt build --full-refresh' ~ (" --vars 'known_at: ...'" if known_at() else '')) }}
        {% elif build is none and known_at() %}
            {{ refuse('known_at makes every table anew.', 'the same command with --full-refresh') }}
        {% endif %}
    {% endif %}
{% endmacro %}

{# A part is built of the hours that the last build rebuilds. #}
{% macro refuse_to_work_on_no_build(models) %}
    {% set parts = with_descendants([nodes_that_begin_a_build()[0]]) | select('in', models) | list %}
    {% set missing = missing_tables(models) %}
    {% if parts and (last_build() is none or builds_table('int_build_scope') is none) %}
        {{ refuse('No build has begun yet, so there is nothing to make a part of.', 'dbt build') }}
    {% elif missing and not flags.FULL_REFRESH %}
        {{ refuse(missing | join(', ') ~ ' is not there, and would begin with the hours of the last build.',
                  'dbt build, or the same command with --full-refresh') }}
    {% endif %}
{% endmacro %}

{% macro refuse(why, instead) %}
    {{ exceptions.raise_compiler_error(why ~ ' Nothing was changed. Run instead: ' ~ instead) }}
{% endmacro %}
