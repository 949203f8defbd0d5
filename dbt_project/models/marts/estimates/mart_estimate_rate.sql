with

observed as (
    select cutoff.cutoff_date, observation.*
    from {{ ref('int_estimate_cutoff') }} as cutoff
    inner join {{ ref('int_estimate_observation') }} as observation
        on cutoff.entity_code = observation.entity_code
        and observation.matured_date > cutoff.cutoff_date - 365
        and observation.matured_date <= cutoff.cutoff_date
    where cutoff.is_estimable
),

levelled as (
    select *, 'segment' as rate_level, facility_code as facility, payer_class as class,
        'ALL' as period
    from observed
    union all
    select *, 'entity', 'ALL', 'ALL', 'ALL'
    from observed
    union all
    select *, 'entity', 'ALL', 'ALL', to_char(matured_date, 'YYYY-MM')
    from observed
    where matured_date > cutoff_date - interval '6 months'
),

final as (
    select
        entity_code,
        cutoff_date,
        rule,
        facility as facility_code,
        class as payer_class,
        age_bucket,
        period,
        rate_level,
        cast(sum(observation_count) as integer) as observation_count,
        {{ money('sum(exposed_amount)') }} as exposed_amount,
        {{ money('sum(lost_amount)') }} as lost_amount,
        {{ money('sum(uncollected_amount)') }} as uncollected_amount
    from levelled
    group by 1, 2, 3, 4, 5, 6, 7, 8
    having sum(exposed_amount) > 0
)

select * from final
