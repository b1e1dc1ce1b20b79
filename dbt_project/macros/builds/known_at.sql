{#
    The var `known_at` as text without zone, in UTC, such as 2026-11-01 00:00:00; none if it is not set. An instant that
    cannot be read ends the command: Spark would take it for null, and find nothing.
#}
{% macro known_at() %}
    {% set instant = var('known_at', none) %}
    {% if not instant %}{{ return(none) }}{% endif %}
    {% set parsed = modules.datetime.datetime.fromisoformat(instant | string | replace('Z', '+00:00')) %}
    {% if parsed.tzinfo is not none %}{% set parsed = parsed.astimezone(modules.pytz.utc) %}{% endif %}
    {{ return(parsed.strftime('%Y-%m-%d %H:%M:%S.%f')) }}
{% endmacro %}
