{#
    A text to order by, by its bytes in UTF-8: as Spark does always, and PostgreSQL unless its database has another
    collation, in which a hyphen may not count.
#}
{% macro in_byte_order(text) %}{{ return(adapter.dispatch('in_byte_order')(text)) }}{% endmacro %}

{% macro default__in_byte_order(text) %}{{ return(text ~ ' collate "C"') }}{% endmacro %}

{% macro spark__in_byte_order(text) %}{{ return(text) }}{% endmacro %}
