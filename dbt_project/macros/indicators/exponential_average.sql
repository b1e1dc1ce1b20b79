{#
    An exponential average a(t) = alpha * x(t) + (1 - alpha) * a(t - 1) is, written out, a sum of values decayed by their
    age. Decayed from the start of the segment it overflows a double, so it is summed in blocks of 512 minutes. Each value
    is valued at the start of its block, where values of different bars can be added (exponential_term, wilder_term). The
    sum of the block so far and what is left of the blocks before it, each decayed by its age, are added and valued at the bar
    (exponential_average). As many earlier blocks count as it takes to forget the rest: 25 times the length n, of which 1e-21
    is left.

    alpha is 2 / (n + 1). The average starts in minute `seed_minute` of the segment, with its value of then. Of bars that are
    carried only the last adds anything: the average that crypto_table has there, as soon as it has one, from minute
    `known_minute` on.
#}
{% macro block_minutes() %}{{ return(512) }}{% endmacro %}

{% macro decay(n) %}{{ return(1 - 2 / (n + 1)) }}{% endmacro %}

{% macro exponential_term(value, n, average, known_minute, seed_minute=0) -%}
    case
            when last_carried_minute >= {{ known_minute }}
                then case when segment_minute = last_carried_minute then {{ carried(average) }} end
            when segment_minute = {{ seed_minute }} then {{ value }}
            when segment_minute > {{ seed_minute }} then {{ value }} * {{ 2 / (n + 1) }}
        end * power({{ decay(n) }}, -block_position)
{%- endmacro %}

{#
    Wilder's average of n changes has alpha = 1 / n, that of an exponential average of 2n - 1 bars, and starts with the mean
    of the first n. Of these each adds its n-th part, not decayed before the minute n in which the average starts.
#}
{% macro wilder_term(side, n) -%}
    case
            when last_carried_minute >= {{ n }}
                then
                    case when segment_minute = last_carried_minute then {{ carried('average_' ~ side) }} end
                    * power({{ decay(2 * n - 1) }}, -block_position)
            else
                {{ side.split('_')[0] }} * {{ 1 / n }}
                * power({{ decay(2 * n - 1) }}, -(block_position + greatest({{ n }} - segment_minute, 0)))
        end
{%- endmacro %}

{% macro exponential_average(term, n) -%}
    power({{ decay(n) }}, block_position) * (
                sum({{ term }}) over (
                    partition by vs_currency, coin_id, segment_read_from, block
                    order by bar_minute rows between unbounded preceding and current row
                )
                {%- for age in range(1, (25 * n) // block_minutes() + 2) %}
                + {{ decay(n) ** (age * block_minutes()) }} * coalesce(sum({{ term }}) over (
                    partition by vs_currency, coin_id, segment_read_from
                    order by block range between {{ age }} preceding and {{ age }} preceding
                ), 0)
                {%- endfor %}
            )
{%- endmacro %}
