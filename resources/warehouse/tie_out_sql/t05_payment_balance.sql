-- T5: per remittance BPR02 = sum of CLP04 - sum of PLB, over remittances that are not exceptions
-- as a whole. Single claims of them may wait: they still count in the payment.
with claim as (
    select file_id, transaction_no, sum(paid_amount) as amount
    from raw.remittance_claim
    group by file_id, transaction_no
),

adjustment as (
    select file_id, transaction_no, sum(amount) as amount
    from raw.provider_adjustment
    group by file_id, transaction_no
),

payment as (
    select
        r.payment_amount,
        coalesce(c.amount, 0) - coalesce(a.amount, 0) as expected_amount
    from raw.remittance as r
    left join claim as c using (file_id, transaction_no)
    left join adjustment as a using (file_id, transaction_no)
    where r.finding_code is null
)

select
    'remittances' as scope,
    coalesce(sum(expected_amount), 0) as left_amount,
    coalesce(sum(payment_amount), 0) as right_amount,
    count(*) filter (where expected_amount is distinct from payment_amount) as breaks
from payment
