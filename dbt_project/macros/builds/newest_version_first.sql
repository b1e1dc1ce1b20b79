{# An order: of several landed versions of an update the first counts. #}
{% macro newest_version_first() %}
    {{- return('fetched_at desc, kafka_offset desc, kafka_partition desc, kafka_topic desc, landed_at asc') -}}
{% endmacro %}
