{#
    A subquery: the number of the build that began last, which is the one under way while dbt builds. A macro that is no
    part of a model cannot ref, and gives the table `offsets`.
#}
{% macro this_build(offsets=none) -%}
    {%- if offsets -%}(select max(build_number) from {{ offsets }})
    {%- else -%}(select max(begun.build_number) from {{ ref('int_build_offsets') }} as begun)
    {%- endif -%}
{%- endmacro %}
