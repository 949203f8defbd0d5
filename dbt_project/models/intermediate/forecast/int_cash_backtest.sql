-- Every origin's forecast beside what came in, with bands from order statistics of the ratios
-- (actual to forecast) that were known at that origin: out of sample, never interpolated.
-- A band needs 19 ratios, of the same horizon or else of horizons within three weeks of it.
with

actuals as (
    select stream, week_no, sum(cash_amount) as cash_amount
    from {{ ref('int_cash_exposure') }}
    group by stream, week_no
    union all
    select 'TOTAL', week_no, sum(cash_amount)
    from {{ ref('int_cash_exposure') }}
    group by week_no
),

naive as (
    select
        stream, week_no as origin_week,
        avg(cash_amount) over (
            partition by stream order by week_no rows between 7 preceding and current row
        ) as naive_amount
    from actuals
),

forecasts as (
    select
        projection.*,
        projection.existing_amount + projection.new_business_amount as point_amount,
        projection.origin_week + projection.horizon_weeks as target_week,
        case
            when projection.origin_week + projection.horizon_weeks <= 0
                then coalesce(actuals.cash_amount, 0)
        end as actual_amount,
        round(naive.naive_amount, 2) as naive_amount
    from {{ ref('int_cash_projection') }} as projection
    left join actuals
        on projection.stream = actuals.stream
        and projection.origin_week + projection.horizon_weeks = actuals.week_no
    left join naive
        on projection.stream = naive.stream and projection.origin_week = naive.origin_week
),

ratios as (
    select stream, horizon_weeks, target_week,
        round(actual_amount / point_amount, 6) as ratio
    from forecasts
    where actual_amount is not null and point_amount > 0
),

own as (
    select
        forecasts.origin_week, forecasts.stream, forecasts.horizon_weeks,
        count(*) as ratio_count, array_agg(ratios.ratio order by ratios.ratio) as ratios
    from forecasts
    inner join ratios
        on forecasts.stream = ratios.stream and forecasts.horizon_weeks = ratios.horizon_weeks
        and ratios.target_week <= forecasts.origin_week
    group by forecasts.origin_week, forecasts.stream, forecasts.horizon_weeks
    having count(*) >= 19
),

near as (
    select
        forecasts.origin_week, forecasts.stream, forecasts.horizon_weeks,
        count(*) as ratio_count, array_agg(ratios.ratio order by ratios.ratio) as ratios
    from forecasts
    inner join ratios
        on forecasts.stream = ratios.stream
        and ratios.horizon_weeks between forecasts.horizon_weeks - 3
        and forecasts.horizon_weeks + 3
        and ratios.target_week <= forecasts.origin_week
    group by forecasts.origin_week, forecasts.stream, forecasts.horizon_weeks
    having count(*) >= 19
),

calibrated as (
    select
        forecasts.*,
        case
            when own.ratios is not null then 'horizon'
            when near.ratios is not null then 'near_horizons'
            else 'none'
        end as calibration_level,
        cast(coalesce(own.ratio_count, near.ratio_count, 0) as integer) as calibration_count,
        coalesce(own.ratios, near.ratios) as ratios
    from forecasts
    left join own using (origin_week, stream, horizon_weeks)
    left join near using (origin_week, stream, horizon_weeks)
)

select
    origin_week, stream, horizon_weeks, target_week, curve_level, existing_amount,
    new_business_amount, point_amount, actual_amount, naive_amount, calibration_level,
    calibration_count,
    {% for band, tail in [('80', 0.1), ('90', 0.05)] -%}
    round(point_amount
        * {{ order_statistic('ratios', 'calibration_count', tail, 'lower') }}, 2)
        as lower{{ band }}_amount,
    round(point_amount
        * {{ order_statistic('ratios', 'calibration_count', 1 - tail, 'upper') }}, 2)
        as upper{{ band }}_amount
    {%- if not loop.last %},{% endif %}
    {% endfor %}
from calibrated
