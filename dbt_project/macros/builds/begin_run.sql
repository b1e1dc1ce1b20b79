{#
    What `dbt build` and `dbt run` do before they touch a table: see docs/decisions/0017-what-has-passed-is-finished.md.

    A command that selects int_build_offsets begins a build. Any other works on the build that began last: what it
    selects, and all that is made of it, has no longer passed on that build, and if that build was finished, it is open
    again. So whatever becomes of this command, the next build knows what is left to do.
#}
{% macro begin_run() %}
    {% set models = selected_models() %}
    {% if not models %}{{ return('') }}{% endif %}
    {% do refuse_what_cannot_be_made_safe(models) %}
    {% set tables = create_builds_tables() %}
    {% if 'model.coinloom.int_build_offsets' not in models %}
        {% do work_on_last_build(models, tables) %}
    {% elif starts_from_nothing() %}
        {% do forget_builds(tables) %}
    {% endif %}
{% endmacro %}

{# The models that this command builds, by unique id; none if it is a command that builds nothing. #}
{% macro selected_models() %}
    {% set models = [] %}
    {% if execute and flags.WHICH in ['build', 'run'] %}
        {% for node in selected_resources if node.startswith('model.') %}{% do models.append(node) %}{% endfor %}
    {% endif %}
    {{ return(models) }}
{% endmacro %}

{# True if every hour has to be rebuilt: a full refresh, or a table is not there. #}
{% macro starts_from_nothing() %}
    {{ return(flags.FULL_REFRESH or missing_tables(graph.nodes) != []) }}
{% endmacro %}

{# Those of these models that keep a history. #}
{% macro with_history(models) %}
    {% set kept = [] %}
    {% for model in models if graph.nodes[model].config.materialized == 'incremental' %}{% do kept.append(model) %}{% endfor %}
    {{ return(kept) }}
{% endmacro %}

{# Those of these models that keep a history and are not there, or not whole: their names. #}
{% macro missing_tables(models) %}
    {% set half_made = half_made_models() %}
    {% set missing = [] %}
    {% for model in with_history(models) %}
        {% if relation_of(graph.nodes[model]) is none or model in half_made %}{% do missing.append(graph.nodes[model].name) %}{% endif %}
    {% endfor %}
    {{ return(missing) }}
{% endmacro %}

{% macro relation_of(node) %}{{ return(adapter.get_relation(node.database, node.schema, node.alias)) }}{% endmacro %}

{#
    Without a finished build the next one reads the whole of landing. The offsets go first: were they left by a command that
    is killed between two of these, the next would take the build of long ago that they note for its own, and finish that.
    After `dbt clone` some are views of another target's, and those are not ours to empty.
#}
{% macro forget_builds(tables) %}
    {% set known = [builds_table('int_build_offsets'), builds_table('int_build_clocks')] + tables.values() | list %}
    {% for table in known if table is not none %}
        {% if table.is_view %}{% do adapter.drop_relation(table) %}{% else %}{% do run_query('truncate table ' ~ table) %}{% endif %}
    {% endfor %}
{% endmacro %}

{% macro work_on_last_build(models, tables) %}
    {% if invocation_args_dict.defer %}{{ return(forget_builds(tables)) }}{% endif %}  {# rows may come from elsewhere #}
    {% set build = last_build() %}
    {% if build is none %}{{ return('') }}{% endif %}
    {% set passed = required_nodes() if build.is_finished else passed_nodes(build) %}
    {% do remember_passed(passed | reject('in', with_descendants(models)) | list, build) %}
    {% if build.is_finished %}{% do open_again(tables.hour_versions, build.build_number) %}{% endif %}
    {% if flags.FULL_REFRESH %}
        {% if with_history(models) %}{% do renew_versions(tables.hour_versions) %}{% endif %}
        {% do note_half_made(models) %}
        {% do widen_slices(models) %}
    {% endif %}
{% endmacro %}

{#
    A view that shows only the hours of a build shows all of them to a table that is made anew without it. What it has
    besides the columns of its parent is about a build, and is null then.
#}
{% macro widen_slices(models) %}
    {% for slice in slices_without(models) if relation_of(slice) is not none %}
        {% set whole = relation_of(graph.nodes[slice.depends_on.nodes[0]]) %}
        {% set passed_on = adapter.get_columns_in_relation(whole) | map(attribute='name') | list %}
        {% set columns = [] %}
        {% for column in adapter.get_columns_in_relation(relation_of(slice)) %}
            {% do columns.append(column.name if column.name in passed_on else 'cast(null as ' ~ column.dtype ~ ') as ' ~ column.name) %}
        {% endfor %}
        {% do run_query(replace_view(relation_of(slice), 'select ' ~ columns | join(', ') ~ ' from ' ~ whole)) %}
    {% endfor %}
{% endmacro %}

{# The views that show only the hours of a build, and that models are made of which this command builds without them. #}
{% macro slices_without(models) %}
    {% set slices = [] %}
    {% for node in graph.nodes.values() if node.config.meta.slice and node.unique_id not in models %}
        {% if with_descendants([node.unique_id], only_through_views=true) | select('in', models) | list %}{% do slices.append(node) %}{% endif %}
    {% endfor %}
    {{ return(slices) }}
{% endmacro %}
