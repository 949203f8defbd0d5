with

-- A day's charges to be expected: those of the 91 newest days of service that are complete.
volumes as (
    select
        cutoff.entity_code, cutoff.cutoff_date, lag.facility_code, lag.payer_class,
        sum(lag.charge_amount) as charge_amount,
        sum(lag.charge_count) as charge_count
    from {{ ref('int_estimate_cutoff') }} as cutoff
    inner join {{ ref('int_estimate_lag') }} as lag
        on cutoff.entity_code = lag.entity_code
        and lag.service_date > cutoff.cutoff_date - 136
        and lag.service_date <= cutoff.cutoff_date - 45
    where cutoff.is_estimable
    group by 1, 2, 3, 4
),

feeds as (
    select entity_code, min(service_date) as first_date
    from {{ ref('int_estimate_lag') }}
    group by entity_code
),

expected as (
    select
        'JR59' as rule, volumes.entity_code, volumes.cutoff_date, volumes.facility_code,
        volumes.payer_class, rate.age_bucket,
        volumes.charge_count as item_count,
        round(volumes.charge_amount / least(91, volumes.cutoff_date - 44 - feeds.first_date), 2)
            as balance_amount
    from volumes
    inner join feeds on volumes.entity_code = feeds.entity_code
    inner join {{ ref('mart_estimate_rate') }} as rate
        on volumes.entity_code = rate.entity_code and volumes.cutoff_date = rate.cutoff_date
        and rate.rule = 'JR59' and rate.rate_level = 'entity' and rate.period = 'ALL'
        and rate.lost_amount > 0
),

aged as (
    select
        open.rule, open.entity_code, open.cutoff_date, open.facility_code, open.payer_class,
        bucket.bucket as age_bucket,
        count(*) as item_count,
        sum(open.open_amount) as balance_amount
    from {{ ref('int_estimate_open') }} as open
    inner join {{ ref('int_estimate_cutoff') }} as cutoff
        on open.entity_code = cutoff.entity_code and open.cutoff_date = cutoff.cutoff_date
        and cutoff.is_estimable
    inner join {{ ref('aging_buckets') }} as bucket
        on bucket.bucket <> 'CREDIT'
        and open.age_days >= coalesce(bucket.from_days, open.age_days)
        and open.age_days <= coalesce(bucket.to_days, open.age_days)
    where open.open_amount > 0
    group by 1, 2, 3, 4, 5, 6
),

final as (
    select
        entity_code,
        cutoff_date,
        rule,
        facility_code,
        payer_class,
        age_bucket,
        cast(item_count as integer) as item_count,
        {{ money('balance_amount') }} as balance_amount
    from (select * from aged union all select * from expected) as both_kinds
    where balance_amount > 0
)

select * from final
