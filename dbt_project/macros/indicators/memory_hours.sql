{#
    For how many hours a bar counts in an indicator: slices of bars are read so much earlier than they are written. It
    follows from dbt_project.yml, where the var `memory` has a line for each length: a window forgets a bar after its
    length, an exponential average has forgotten all but 1e-21 of it after 25 times its length (a Wilder average of n is
    one of 2n - 1), and one that is made of another average after that of both.
#}
{% macro memory_hours() %}
    {% set minutes = [] %}
    {% for name in var('memory') %}{% do minutes.append(memory_minutes(name)) %}{% endfor %}
    {{ return(((minutes | max) + 59) // 60 + 1) }}
{% endmacro %}

{% macro memory_minutes(name) %}
    {% set memory = var('memory')[name] %}
    {{ return(memory.times_length * longest(name) + (memory_minutes(memory.made_of) if memory.made_of else 0)) }}
{% endmacro %}

{% macro longest(name) %}{{ return(lengths(name) if lengths(name) is number else lengths(name) | max) }}{% endmacro %}

{#
    The var with the length, or the list of lengths, of an indicator. One that has no line in `memory` would be computed
    from too few bars in all builds but a full refresh, so it does not compile.
#}
{% macro lengths(name) %}
    {% if name not in var('memory') %}
        {{ exceptions.raise_compiler_error(name ~ ' has no line in the var `memory` of dbt_project.yml, which says for how long it remembers a bar.') }}
    {% endif %}
    {{ return(var(name)) }}
{% endmacro %}
