-- The payment-lag curve of each stream as known at each weekly origin: of what is open at the
-- start of a week of age, the share that is paid (hazard) and the share that leaves in any way.
-- Estimated over the 26 weeks before the origin; a thin stream borrows the payers' pooled curve.
with

bounds as (
    select min(week_no) as first_week from {{ ref('int_cash_exposure') }}
),

origins as (
    select generate_series(least(greatest(first_week + 13, -52), 0), 0) as origin_week
    from bounds
    where first_week is not null
),

weekly as (
    select
        stream, week_no, lag_weeks,
        sum(greatest(exposed_amount, 0)) as exposed_amount,
        sum(cash_amount) as cash_amount,
        sum(outflow_amount) as outflow_amount
    from {{ ref('int_cash_exposure') }}
    group by stream, week_no, lag_weeks
),

observed as (
    select
        origins.origin_week, weekly.stream, weekly.lag_weeks,
        sum(weekly.exposed_amount) as exposed_amount,
        sum(weekly.cash_amount) as cash_amount,
        sum(weekly.outflow_amount) as outflow_amount,
        count(*) filter (where weekly.lag_weeks = 0 and weekly.exposed_amount > 0) as cohort_count
    from origins
    inner join weekly
        on weekly.week_no between origins.origin_week - 25 and origins.origin_week
    group by origins.origin_week, weekly.stream, weekly.lag_weeks
),

pooled as (
    select
        origin_week, lag_weeks, sum(exposed_amount) as exposed_amount,
        sum(cash_amount) as cash_amount, sum(outflow_amount) as outflow_amount
    from observed
    where stream <> 'patient'
    group by origin_week, lag_weeks
),

levels as (
    select
        origin_week, stream,
        case when sum(cohort_count) >= 8 or stream = 'patient' then 'stream' else 'pooled' end
            as curve_level
    from observed
    group by origin_week, stream
),

chosen as (
    select levels.origin_week, levels.stream, levels.curve_level, source.lag_weeks,
        source.exposed_amount, source.cash_amount, source.outflow_amount
    from levels
    inner join observed as source using (origin_week, stream)
    where levels.curve_level = 'stream' and source.exposed_amount > 0
    union all
    select levels.origin_week, levels.stream, levels.curve_level, source.lag_weeks,
        source.exposed_amount, source.cash_amount, source.outflow_amount
    from levels
    inner join pooled as source using (origin_week)
    where levels.curve_level = 'pooled' and source.exposed_amount > 0
),

rates as (
    select
        *,
        round(greatest(0, least(1, cash_amount / exposed_amount)), 9) as hazard,
        round(greatest(0, least(0.999, outflow_amount / exposed_amount)), 9) as leaving_rate,
        max(lag_weeks) over (partition by origin_week, stream) as last_lag_weeks
    from chosen
),

-- Ages that nobody has reached yet behave like the oldest age seen.
extended as (
    select
        rates.origin_week, rates.stream, rates.curve_level, age.age_weeks,
        rates.hazard, rates.leaving_rate
    from generate_series(0, 40) as age (age_weeks)
    inner join rates on rates.lag_weeks = least(age.age_weeks, rates.last_lag_weeks)
),

survived as (
    select
        *,
        coalesce(sum(ln(1 - leaving_rate)) over (
            partition by origin_week, stream order by age_weeks
            rows between unbounded preceding and 1 preceding
        ), 0) as log_survival
    from extended
)

select
    *,
    sum(exp(log_survival) * hazard) over (
        partition by origin_week, stream order by age_weeks
    ) as yield_to_date
from survived
