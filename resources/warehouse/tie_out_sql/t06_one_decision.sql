-- T6: every received record of a kind has exactly one decision, and the dollars of the kind's
-- control measure are the same on both sides. Measures of different kinds are never added.
with received as (
    select 'claim' as record_kind, file_id, segment, charge_amount as amount from raw.claim
    union all
    select 'remittance_claim', file_id, segment, paid_amount from raw.remittance_claim
    union all
    select 'provider_adjustment', file_id, transaction_no * 100000 + adjustment_no, amount
    from raw.provider_adjustment
    union all
    select 'bank_transaction', file_id, segment, amount from raw.bank_transaction
    union all
    select 'ach_entry', file_id, segment, amount from raw.ach_entry
    union all
    select 'ehr_charge', file_id, segment, amount from raw.ehr_charge
    union all
    select 'card_charge', file_id, segment, amount from raw.card_charge
    union all
    select 'card_refund', file_id, segment, amount from raw.card_refund
    union all
    select 'card_payout', file_id, segment, amount from raw.card_payout
    union all
    select 'card_balance_transaction', file_id, segment, fee_amount
    from raw.card_balance_transaction
    union all
    -- A transaction counts by itself when it holds no claim, claim payment or adjustment.
    select 'x12_transaction', file_id, transaction.segment, coalesce(remittance.payment_amount, 0)
    from raw.x12_transaction as transaction
    left join raw.remittance as remittance using (file_id, transaction_no)
    where not exists (
        select from raw.claim as inner_claim
        where (inner_claim.file_id, inner_claim.transaction_no)
            = (transaction.file_id, transaction.transaction_no))
      and not exists (
        select from raw.remittance_claim as payment
        where (payment.file_id, payment.transaction_no)
            = (transaction.file_id, transaction.transaction_no))
      and not exists (
        select from raw.provider_adjustment as adjustment
        where (adjustment.file_id, adjustment.transaction_no)
            = (transaction.file_id, transaction.transaction_no))
),

left_side as (
    select record_kind, count(*) as records, coalesce(sum(amount), 0) as amount
    from received
    group by record_kind
),

right_side as (
    select
        record_kind,
        count(*) as records,
        coalesce(sum(amount), 0) as amount,
        count(*) - count(distinct record_id) as repeated
    from intermediate.int_record_outcome
    group by record_kind
)

select
    record_kind as scope,
    coalesce(l.amount, 0) as left_amount,
    coalesce(r.amount, 0) as right_amount,
    abs(coalesce(l.records, 0) - coalesce(r.records, 0)) + coalesce(r.repeated, 0) as breaks
from left_side as l
full join right_side as r using (record_kind)
order by record_kind
