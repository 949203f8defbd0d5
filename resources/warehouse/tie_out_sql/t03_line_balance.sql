-- T3: per service line SVC02 - CAS of the line = SVC03, over the lines whose claim was accepted.
with accepted as (
    select c.file_id, c.claim_no
    from raw.remittance_claim as c
    inner join intermediate.int_record_outcome as o
        on o.record_kind = 'remittance_claim' and o.file_id = c.file_id and o.segment = c.segment
    where o.outcome <> 'exception'
),

adjusted as (
    select file_id, claim_no, line_no, sum(amount) as amount
    from raw.claim_adjustment
    where line_no is not null
    group by file_id, claim_no, line_no
),

line as (
    select l.charge_amount - coalesce(a.amount, 0) as expected_amount, l.paid_amount
    from raw.remittance_line as l
    inner join accepted using (file_id, claim_no)
    left join adjusted as a using (file_id, claim_no, line_no)
)

select
    'remittance lines' as scope,
    coalesce(sum(expected_amount), 0) as left_amount,
    coalesce(sum(paid_amount), 0) as right_amount,
    count(*) filter (where expected_amount is distinct from paid_amount) as breaks
from line
