{#
    One row for each combination of some columns, which are never null, no more than those named in `never_null`; and
    every row obeys every rule: a condition that is true, or null where a value is. A build is finished when this has
    passed. Its result is the keys of the wrong rows, each with the rule that it breaks; a command that fails shows one.

    One query for all of it: on Spark the number of statements is the price of a test.
#}
{% test well_formed(model, one_row_per, never_null=[], rules=[]) %}
{{ config(tags=['every_build']) }}
{%- set key = one_row_per | join(', ') -%}
{%- set wrong = {} -%}
{%- for column in one_row_per + never_null %}{% do wrong.update({column ~ ' is never null': column ~ ' is null'}) %}{% endfor -%}
{%- for rule in rules %}{% do wrong.update({rule: 'not (' ~ rule ~ ')'}) %}{% endfor -%}
with checked as (

    select
        {{ key }},
        case
            {%- for rule, condition in wrong.items() %}
            when {{ condition }} then {{ dbt.string_literal(dbt.escape_single_quotes(rule)) }}
            {%- endfor %}
        end as broken_rule
    from {{ model }}

)

select
    {{ key }},
    coalesce(min(broken_rule), 'one row per {{ key }}') as broken_rule,
    count(*) as row_count
from checked
group by {{ key }}
having count(*) > 1 or min(broken_rule) is not null
{% endtest %}
