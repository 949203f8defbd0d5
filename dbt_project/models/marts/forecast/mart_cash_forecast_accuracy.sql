with

scored as (
    select
        stream, horizon_weeks, actual_amount, point_amount, naive_amount,
        lower80_amount is not null as has_band,
        actual_amount between lower80_amount and upper80_amount as is_inside80,
        actual_amount between lower90_amount and upper90_amount as is_inside90
    from {{ ref('int_cash_backtest') }}
    where actual_amount is not null
),

stacked as (
    select * from scored
    union all
    select
        stream, 0, actual_amount, point_amount, naive_amount, has_band, is_inside80, is_inside90
    from scored
),

final as (
    select
        stream,
        cast(horizon_weeks as integer) as horizon_weeks,
        cast(count(*) as integer) as forecast_count,
        {{ money('sum(actual_amount)') }} as actual_amount,
        {{ money('sum(point_amount)') }} as point_amount,
        {{ safe_ratio('sum(abs(actual_amount - point_amount))', 'abs(sum(actual_amount))', 4) }}
            as wape,
        {{ safe_ratio('sum(abs(actual_amount - naive_amount))', 'abs(sum(actual_amount))', 4) }}
            as naive_wape,
        {{ safe_ratio('sum(point_amount - actual_amount)', 'abs(sum(actual_amount))', 4) }}
            as bias,
        cast(count(*) filter (where has_band) as integer) as band_count,
        {{ safe_ratio('count(*) filter (where is_inside80)', 'count(*) filter (where has_band)',
            4) }} as coverage80,
        {{ safe_ratio('count(*) filter (where is_inside90)', 'count(*) filter (where has_band)',
            4) }} as coverage90
    from stacked
    group by stream, horizon_weeks
)

select * from final
