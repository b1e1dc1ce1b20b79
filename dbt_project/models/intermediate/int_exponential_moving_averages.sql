{#
    The recursion ema(t) = alpha * close(t) + (1 - alpha) * ema(t - 1), written out, is a sum of closes decayed by age.
    Decayed from the start of the segment it overflows a double, so it is summed in blocks of 18 * n bars. One block
    decays to less than 1e-15: the bar's own block and the two before it hold all that a double can tell.
#}
with bars as (

    select * from {{ ref('fct_minute_bars') }}

),

-- ema(1) is close(1): the first bar of a segment has the full weight.
positions as (

    select
        *,
        {%- for n in var('ema_windows') %}
        {%- set alpha = 2 / (n + 1) %}
        segment_minute - mod(segment_minute, {{ 18 * n }}) as ema_{{ n }}_block,
        cast(mod(segment_minute, {{ 18 * n }}) as {{ type_double() }}) as ema_{{ n }}_position,
        case when segment_minute = 0 then 1 else {{ alpha }} end as ema_{{ n }}_weight{% if not loop.last %},{% endif %}
        {%- endfor %}
    from bars

),

-- Each close is valued at the start of its block, where values of different bars can be added.
terms as (

    select
        *,
        {%- for n in var('ema_windows') %}
        {%- set decay = 1 - 2 / (n + 1) %}
        close * ema_{{ n }}_weight * power({{ decay }}, -ema_{{ n }}_position) as ema_{{ n }}_term,
        power({{ decay }}, ema_{{ n }}_position) as ema_{{ n }}_decay{% if not loop.last %},{% endif %}
        {%- endfor %}
    from positions

),

averages as (

    select
        coin_id,
        vs_currency,
        bar_minute,
        segment_started_at,
        segment_minute,
        close,
        {%- for n in var('ema_windows') %}
        {%- set block_decay = (1 - 2 / (n + 1)) ** (18 * n) %}
        case
            when segment_minute >= {{ n - 1 }}
                then ema_{{ n }}_decay * (
                    sum(ema_{{ n }}_term)
                        over (
                            partition by vs_currency, coin_id, segment_started_at, ema_{{ n }}_block
                            order by bar_minute
                        )
                    {%- for age in [1, 2] %}
                    + {{ block_decay ** age }} * coalesce(
                        sum(ema_{{ n }}_term) over (
                            partition by vs_currency, coin_id, segment_started_at
                            order by ema_{{ n }}_block
                            range between {{ age * 18 * n }} preceding and {{ age * 18 * n }} preceding
                        ), 0
                    )
                    {%- endfor %}
                )
        end as ema_{{ n }}{% if not loop.last %},{% endif %}
        {%- endfor %}
    from terms

)

select * from averages
