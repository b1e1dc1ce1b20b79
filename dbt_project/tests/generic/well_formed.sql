{#
    One row for each combination of some columns, which are never null, no more than those named in `never_null`; and
    every row obeys every rule: a condition that is true, or null where a value is.

    One query for all of it: on Spark the number of statements is the price of a test.
#}
{% test well_formed(model, one_row_per, never_null=[], rules=[]) %}
{%- set wrong = [] -%}
{%- for column in one_row_per + never_null %}{% do wrong.append(column ~ ' is null') %}{% endfor -%}
{%- for rule in rules %}{% do wrong.append('not (' ~ rule ~ ')') %}{% endfor -%}
select
    {{ one_row_per | join(', ') }},
    count(*) as row_count,
    sum(case when {{ wrong | join(' or ') }} then 1 else 0 end) as wrong_row_count
from {{ model }}
group by {{ one_row_per | join(', ') }}
having count(*) > 1 or sum(case when {{ wrong | join(' or ') }} then 1 else 0 end) > 0
{% endtest %}
