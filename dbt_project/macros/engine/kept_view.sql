{#
    The materialization `kept_view`: a view that is replaced in place, and on Spark left alone while it is as it should
    be, because creating a view over views over views takes a second there. A view keeps the columns that it had when it
    was created, so it is created anew when what gives them has changed, and with --full-refresh. In PostgreSQL dbt's own
    view would drop the views that read it.
#}
{% materialization kept_view, default %}
    {%- set existing = load_cached_relation(this) -%}
    {%- if existing and existing.is_view and not should_full_refresh()
        and existing.information and view_version(sql) in existing.information -%}
        {% do store_raw_result('main', message='UNCHANGED', code='UNCHANGED', rows_affected=0) %}
        {{ return({'relations': [this]}) }}
    {%- endif -%}
    {%- if existing and not existing.is_view -%}{% do adapter.drop_relation(existing) %}{%- endif -%}
    {{ run_hooks(pre_hooks) }}
    {% call statement('main') -%}{{ replace_view(this, sql) }}{%- endcall %}
    {% do persist_docs(this, model) %}
    {{ run_hooks(post_hooks) }}
    {% do adapter.commit() %}
    {{ return({'relations': [this.incorporate(type='view')]}) }}
{% endmaterialization %}

{# The statement that creates or replaces a view, whatever columns it had. #}
{% macro replace_view(relation, sql) %}{{ return(adapter.dispatch('replace_view')(relation, sql)) }}{% endmacro %}

{% macro default__replace_view(relation, sql) %}
do $coinloom$
begin
    create or replace view {{ relation }} as {{ sql }};
exception when invalid_table_definition then  -- it has lost a column, or has it in another place
    drop view {{ relation }} cascade;
    create view {{ relation }} as {{ sql }};
end
$coinloom$
{% endmacro %}

{% macro spark__replace_view(relation, sql) %}
create or replace view {{ relation }} tblproperties ('coinloom.version' = '{{ view_version(sql) }}') as {{ sql }}
{% endmacro %}

{#
    What the view was made from: its SQL, and what gives columns to all that it reads, which are those models and the vars
    that say which lengths there are.
#}
{% macro view_version(sql) %}
    {%- set parts = [sql] -%}
    {%- for id in with_ancestors(model.unique_id) -%}{% do parts.append(graph.nodes[id].checksum.checksum) %}{%- endfor -%}
    {%- for name in var('memory') -%}{% do parts.append(name ~ var(name)) %}{%- endfor -%}
    {{- return(local_md5(parts | sort | join)) -}}
{% endmacro %}

{# The ids of a model and of all that it reads, directly or not: a list that grows while it is gone through. #}
{% macro with_ancestors(id) %}
    {%- set found = [id] -%}
    {%- for known in found -%}
        {%- for parent in graph.nodes[known].depends_on.nodes if parent in graph.nodes and parent not in found -%}
            {% do found.append(parent) %}
        {%- endfor -%}
    {%- endfor -%}
    {{- return(found) -}}
{% endmacro %}
