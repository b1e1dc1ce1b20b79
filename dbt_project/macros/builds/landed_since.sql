{#
    A predicate on `landed_hour` that holds for every row that no finished build has read, and for few others. New rows
    land in the newest hour or later; one hour more costs nothing and forgives a second stream.
#}
{% macro landed_since(landed_hour) %}
    {% if not landed_hour %}{{ return('true') }}{% endif %}
    {% set format = '%Y-%m-%dT%H' %}
    {% set hour = modules.datetime.datetime.strptime(landed_hour, format) - modules.datetime.timedelta(hours=1) %}
    {{ return("landed_hour >= '" ~ hour.strftime(format) ~ "'") }}
{% endmacro %}
