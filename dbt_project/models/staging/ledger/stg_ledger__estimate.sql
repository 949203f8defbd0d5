-- What each run that counts keeps in its allowance: what the model requires, and what other rules
-- had taken from it by the cut-off.
with

runs as (
    select run_id, entity_code, rule, cutoff_date, prepared_at
    from {{ source('ledger', 'model_run_state') }}
    where state = 'counts'
),

required as (
    select run_id, facility_code, payer_class, required_amount as amount
    from {{ source('ledger', 'model_run_line') }}
    union all
    select run_id, facility_code, payer_class, used_amount
    from {{ source('ledger', 'model_run_use') }}
)

select
    runs.run_id,
    runs.entity_code,
    runs.rule,
    runs.cutoff_date,
    runs.prepared_at,
    required.facility_code,
    required.payer_class,
    sum(required.amount) as target_amount
from runs
inner join required on runs.run_id = required.run_id
group by 1, 2, 3, 4, 5, 6, 7
