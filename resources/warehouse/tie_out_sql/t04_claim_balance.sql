-- T4: per remittance claim CLP03 - all CAS of claim and lines = CLP04, over accepted claims.
with adjusted as (
    select file_id, claim_no, sum(amount) as amount
    from raw.claim_adjustment
    group by file_id, claim_no
),

claim as (
    select c.charge_amount - coalesce(a.amount, 0) as expected_amount, c.paid_amount
    from raw.remittance_claim as c
    inner join intermediate.int_record_outcome as o
        on o.record_kind = 'remittance_claim' and o.file_id = c.file_id and o.segment = c.segment
    left join adjusted as a on a.file_id = c.file_id and a.claim_no = c.claim_no
    where o.outcome <> 'exception'
)

select
    'remittance claims' as scope,
    coalesce(sum(expected_amount), 0) as left_amount,
    coalesce(sum(paid_amount), 0) as right_amount,
    count(*) filter (where expected_amount is distinct from paid_amount) as breaks
from claim
