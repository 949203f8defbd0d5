-- Month-end estimates: a true-up is what its run keeps less what the run of the cut-off before
-- kept, so that all of them together come to the newest; an accrual that reverses itself is two
-- events, at the cut-off and the day after. The run is no part of an event's identity: a newer run
-- for the same cut-off changes the amount only.
with

keyed as (
    select distinct entity_code, rule, facility_code, payer_class
    from {{ ref('stg_ledger__estimate') }}
),

cutoffs as (
    select distinct entity_code, rule, cutoff_date, prepared_at
    from {{ ref('stg_ledger__estimate') }}
),

targets as (
    select
        cutoffs.entity_code, cutoffs.rule, cutoffs.cutoff_date, cutoffs.prepared_at,
        keyed.facility_code, keyed.payer_class,
        coalesce(estimate.target_amount, 0) as target_amount
    from cutoffs
    inner join keyed using (entity_code, rule)
    left join {{ ref('stg_ledger__estimate') }} as estimate
        using (entity_code, rule, cutoff_date, facility_code, payer_class)
),

demanded as (
    select
        targets.*,
        rules.event,
        rules.auto_reverse = 'yes' as is_reversed,
        targets.target_amount - case
            when rules.auto_reverse = 'yes' then 0
            else lag(targets.target_amount, 1, 0.00) over (
                partition by targets.entity_code, targets.rule, targets.facility_code,
                    targets.payer_class
                order by targets.cutoff_date
            )
        end as amount
    from targets
    inner join {{ ref('int_posting_rule') }} as rules
        on targets.rule = rules.rule
        and targets.entity_code = rules.entity_code
        and targets.cutoff_date between rules.starts_on and rules.ends_on
),

moments as (
    select demanded.*, 'at cut-off' as moment, cutoff_date as event_date, amount as moment_amount
    from demanded
    union all
    select demanded.*, 'reversal', cutoff_date + 1, -amount
    from demanded
    where is_reversed
)

select
    moments.event,
    'estimate|' || moments.entity_code || '|' || moments.cutoff_date || '|'
        || moments.facility_code || '|' || moments.payer_class || '|' || moments.moment
        as business_key,
    moments.entity_code,
    moments.facility_code,
    moments.payer_class,
    cast(null as text) as claim_key,
    cast(null as text) as account_key,
    'estimate ' || moments.cutoff_date as control_key,
    moments.moment_amount as amount,
    moments.event_date,
    cast(null as uuid) as file_id,
    cast(null as integer) as segment,
    moments.prepared_at as known_at
from moments
cross join {{ ref('stg_ops__installation') }} as installation
-- Nothing is dated after the as-of date: an accrual of today reverses itself tomorrow.
where moments.event_date <= installation.as_of_date
