with averages as (

    select * from {{ ref('int_macd') }}

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
