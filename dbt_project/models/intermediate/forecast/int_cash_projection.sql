-- Expected cash of each origin, stream and week ahead: what is open at the origin runs down its
-- curve, and new business arrives as in the eight weeks before. TOTAL is the sum of the streams.
with

horizons as (
    select generate_series(1, 13) as horizon_weeks
),

open_items as (
    select
        week_no as origin_week, stream, lag_weeks,
        sum(greatest(open_amount, 0)) as open_amount
    from {{ ref('int_cash_exposure') }}
    group by week_no, stream, lag_weeks
),

existing as (
    select
        open_items.origin_week, open_items.stream, horizons.horizon_weeks,
        sum(
            open_items.open_amount * ahead.hazard
            * exp(ahead.log_survival - here.log_survival)
        ) as amount
    from open_items
    cross join horizons
    inner join {{ ref('int_cash_curve') }} as here
        on open_items.origin_week = here.origin_week and open_items.stream = here.stream
        and open_items.lag_weeks + 1 = here.age_weeks
    inner join {{ ref('int_cash_curve') }} as ahead
        on open_items.origin_week = ahead.origin_week and open_items.stream = ahead.stream
        and open_items.lag_weeks + horizons.horizon_weeks = ahead.age_weeks
    group by open_items.origin_week, open_items.stream, horizons.horizon_weeks
),

inflows as (
    select stream, week_no, sum(inflow_amount) as inflow_amount
    from {{ ref('int_cash_exposure') }}
    group by stream, week_no
),

arriving as (
    select
        curve.origin_week, curve.stream, curve.curve_level, curve.age_weeks + 1 as horizon_weeks,
        curve.yield_to_date * greatest(0, volume.weekly_amount) as amount
    from {{ ref('int_cash_curve') }} as curve
    cross join lateral (
        select coalesce(sum(inflows.inflow_amount), 0) / least(8, greatest(1,
            curve.origin_week - (select min(week_no) from inflows) + 1)) as weekly_amount
        from inflows
        where inflows.stream = curve.stream
            and inflows.week_no between curve.origin_week - 7 and curve.origin_week
    ) as volume
    where curve.age_weeks < 13
),

streams as (
    select
        arriving.origin_week, arriving.stream, arriving.horizon_weeks, arriving.curve_level,
        round(coalesce(existing.amount, 0), 2) as existing_amount,
        round(arriving.amount, 2) as new_business_amount
    from arriving
    left join existing using (origin_week, stream, horizon_weeks)
),

-- The total is always there for the newest origin, at nothing when nothing is owed.
totals as (
    select origins.origin_week, horizons.horizon_weeks
    from (select 0 as origin_week union select origin_week from streams) as origins
    cross join horizons
)

select * from streams
union all
select
    totals.origin_week, 'TOTAL', totals.horizon_weeks,
    case
        when count(streams.stream) = 0 then 'none'
        when bool_or(streams.curve_level = 'pooled') then 'mixed'
        else 'stream'
    end,
    coalesce(sum(streams.existing_amount), 0.00), coalesce(sum(streams.new_business_amount), 0.00)
from totals
left join streams
    on totals.origin_week = streams.origin_week and totals.horizon_weeks = streams.horizon_weeks
group by totals.origin_week, totals.horizon_weeks
