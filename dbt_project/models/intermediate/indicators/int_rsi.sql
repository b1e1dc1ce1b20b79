with bars as (

    select * from {{ ref('int_macd') }}

),

moves as (

    select
        *,
        case when price_change_1m > 0 then price_change_1m when price_change_1m <= 0 then 0 end as gain,
        case when price_change_1m < 0 then -price_change_1m when price_change_1m >= 0 then 0 end as loss
    from bars

),

-- Wilder's averages start in minute n, from the plain mean of the n changes so far.
seeds as (

    select
        *,
        avg(gain) over so_far as mean_gain,
        avg(loss) over so_far as mean_loss
    from moves
    window so_far as (
        partition by vs_currency, coin_id, segment_started_at
        order by block, bar_minute rows between unbounded preceding and current row
    )

),

-- They go on with alpha = 1 / n, which is that of an EMA of 2n - 1 bars.
terms as (

    select
        *,
        {%- for n in lengths('rsi_windows') %}
        {{ exponential_term('gain', 2 * n - 1, 'mean_gain', n) }} as gain_term_{{ n }},
        {%- endfor %}
        {%- for n in lengths('rsi_windows') %}
        {%- set size = 2 * n - 1 %}
        {{ exponential_term('loss', size, 'mean_loss', n) }} as loss_term_{{ n }}{% if not loop.last %},{% endif %}
        {%- endfor %}
    from seeds

),

averages as (

    select
        *,
        {%- for n in lengths('rsi_windows') %}
        {{ exponential_average('gain_term_' ~ n, 2 * n - 1) }} as average_gain_{{ n }},
        {%- endfor %}
        {%- for n in lengths('rsi_windows') %}
        {{ exponential_average('loss_term_' ~ n, 2 * n - 1) }} as average_loss_{{ n }}{% if not loop.last %},{% endif %}
        {%- endfor %}
    from terms

),

-- An average move of less than 1e-12 of the price is what rounding leaves of a price that stands still.
strengths as (

    select
        *,
        {%- for n in lengths('rsi_windows') %}
        case
            when average_gain_{{ n }} + average_loss_{{ n }} >= 1e-12 * close
                then 100 * average_gain_{{ n }} / (average_gain_{{ n }} + average_loss_{{ n }})
        end as rsi_{{ n }}{% if not loop.last %},{% endif %}
        {%- endfor %}
    from averages

)

select * from strengths
