{# A subquery: the number of the build that began last, which is the one under way while dbt builds. #}
{% macro this_build() -%}
    (select max(begun.build_number) from {{ ref('int_build_offsets') }} as begun)
{%- endmacro %}
