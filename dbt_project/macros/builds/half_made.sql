{#
    A command with --full-refresh makes some tables of the last build anew. Killed while Spark registers the hours of one,
    it leaves a table without the others, and nobody sees that they are missing. So until such a model has succeeded it is
    noted in builds.half_made. That table is there only meanwhile, so no other command has to ask it: dbt lists the tables.
#}
{% macro note_half_made(models) %}
    {% set noted = half_made_models() %}
    {% for model in with_history(models) if model not in noted %}{% do noted.append(model) %}{% endfor %}
    {% do write_half_made(noted) %}
{% endmacro %}

{# At the end of a command, with its results. #}
{% macro forget_half_made(results) %}
    {% set succeeded = results | selectattr('status', 'equalto', 'success') | map(attribute='node.unique_id') | list %}
    {% do write_half_made(half_made_models() | reject('in', succeeded) | list) %}
{% endmacro %}

{# The models that a command began to make anew and none has ended, by unique id. #}
{% macro half_made_models() %}
    {% set table = builds_table('half_made') %}
    {% if table is none %}{{ return([]) }}{% endif %}
    {{ return(run_query('select node from ' ~ table).columns[0].values() | list) }}
{% endmacro %}

{% macro write_half_made(models) %}
    {% set table = builds_table('half_made') %}
    {% set rows = [] %}
    {% for model in models %}{% do rows.append("select '" ~ model ~ "' as node, 0 as slot") %}{% endfor %}
    {% if rows %}
        {% set table = table or create_builds_table('half_made', 'node ' ~ dbt.type_string() ~ ', slot int') %}
        {% do run_query(replace_slots(table, rows | join(' union all '))) %}
    {% elif table is not none %}
        {% do adapter.drop_relation(table) %}
    {% endif %}
{% endmacro %}
