-- An allowance is filled up, never twice: the events of a true-up come to what its newest run keeps.
-- An accrual that reverses itself comes to nothing once its reversal is due.
with

newest as (
    select *
    from (
        select
            *,
            dense_rank() over (
                partition by entity_code, rule order by cutoff_date desc
            ) as newness
        from {{ ref('stg_ledger__estimate') }}
    ) as ranked
    where newness = 1
),

kept as (
    select
        newest.rule, newest.entity_code, newest.facility_code, newest.payer_class,
        case
            when rules.auto_reverse = 'yes' and newest.cutoff_date < installation.as_of_date then 0
            else newest.target_amount
        end as amount
    from newest
    inner join {{ ref('int_posting_rule') }} as rules
        on newest.rule = rules.rule
        and newest.entity_code = rules.entity_code
        and newest.cutoff_date between rules.starts_on and rules.ends_on
    cross join {{ ref('stg_ops__installation') }} as installation
),

demanded as (
    select rule, entity_code, facility_code, payer_class, sum(amount) as amount
    from {{ ref('fct_billing_event') }}
    where control_key like 'estimate %'
    group by rule, entity_code, facility_code, payer_class
)

select rule, entity_code, facility_code, payer_class, kept.amount, demanded.amount as demanded
from kept
full outer join demanded using (rule, entity_code, facility_code, payer_class)
where coalesce(kept.amount, 0) <> coalesce(demanded.amount, 0)
