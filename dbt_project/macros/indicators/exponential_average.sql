{#
    An exponential average a(t) = alpha * x(t) + (1 - alpha) * a(t - 1) is, written out, a sum of values decayed by their
    age. Decayed from the start of the segment it overflows a double, so it is summed in blocks of 512 minutes: first
    each value is valued at the start of its block, where values of different bars can be added (exponential_term), then
    the sum so far and those of the blocks before are valued at the bar (exponential_average). As many earlier blocks
    count as it takes to forget the rest: 25 times the length n, of which 1e-21 is left.

    alpha is 2 / (n + 1). The average starts in minute `seed_minute` of the segment, with `seed`.
#}
{% macro block_minutes() %}{{ return(512) }}{% endmacro %}

{% macro exponential_term(value, n, seed=none, seed_minute=0) -%}
    case
            when segment_minute = {{ seed_minute }} then {{ seed or value }}
            when segment_minute > {{ seed_minute }} then {{ value }} * {{ 2 / (n + 1) }}
        end * power({{ 1 - 2 / (n + 1) }}, -block_position)
{%- endmacro %}

{% macro exponential_average(term, n) -%}
    {%- set decay = 1 - 2 / (n + 1) -%}
    {%- set blocks_before = (25 * n) // block_minutes() + 1 -%}
    power({{ decay }}, block_position) * (
            sum({{ term }}) over (partition by vs_currency, coin_id, segment_started_at, block order by bar_minute)
            {%- for age in range(1, blocks_before + 1) %}
            + {{ decay ** (age * block_minutes()) }} * coalesce(
                sum({{ term }}) over (
                    partition by vs_currency, coin_id, segment_started_at
                    order by block range between {{ age }} preceding and {{ age }} preceding
                ), 0
            )
            {%- endfor %}
        )
{%- endmacro %}
