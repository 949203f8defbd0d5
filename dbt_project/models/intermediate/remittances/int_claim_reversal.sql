-- Each reversal (CLP02 = 22) with the payment that it takes back and the one that corrects it. The
-- first reversal of given amounts takes back the first such payment, the second the second; what a
-- payer says of the claim on or after that day corrects it. No order of arrival counts.
with

payments as (
    select
        file_id, segment, transaction_no, claim_no, entity_code, claim_key, payer_code,
        payment_key, claim_ordinal, event_date, charge_amount, paid_amount,
        claim_status_code = '22' as is_reversal,
        {{ surrogate_key(['payment_key', 'claim_ordinal']) }} as payment_claim_key,
        abs(charge_amount) as charge_size, abs(paid_amount) as paid_size
    from {{ ref('int_remittance_claim') }}
    where reason_code is null
),

numbered as (
    select
        *,
        row_number() over (
            partition by claim_key, payer_code, is_reversal, charge_size, paid_size
            order by event_date, payment_key, claim_ordinal
        ) as same_amounts_no
    from payments
),

with_original as (
    select
        reversal.*,
        original.payment_claim_key as original_key,
        original.event_date as original_date,
        row_number() over (
            partition by reversal.claim_key, reversal.payer_code
            order by reversal.event_date, reversal.payment_key, reversal.claim_ordinal
        ) as reversal_no
    from numbered as reversal
    left join numbered as original
        on reversal.claim_key = original.claim_key
        and reversal.payer_code = original.payer_code
        and reversal.same_amounts_no = original.same_amounts_no
        and reversal.charge_amount = -original.charge_amount
        and reversal.paid_amount = -original.paid_amount
        and not original.is_reversal
        and original.event_date <= reversal.event_date
    where reversal.is_reversal
),

corrections as (
    select
        payment.*,
        row_number() over (
            partition by payment.claim_key, payment.payer_code
            order by payment.event_date, payment.payment_key, payment.claim_ordinal
        ) as correction_no
    from numbered as payment
    inner join (
        select claim_key, payer_code, min(event_date) as first_date
        from with_original
        group by claim_key, payer_code
    ) as first
        on payment.claim_key = first.claim_key and payment.payer_code = first.payer_code
        and payment.event_date >= first.first_date
    where not payment.is_reversal
        and not exists (
            select 1 from with_original as taken
            where taken.original_key = payment.payment_claim_key
                and taken.event_date = first.first_date
        )
)

select
    reversal.file_id, reversal.segment, reversal.claim_no, reversal.entity_code,
    reversal.claim_key, reversal.payer_code,
    reversal.payment_claim_key as reversal_key,
    reversal.event_date as reversal_date,
    reversal.charge_amount as reversed_charge_amount,
    reversal.paid_amount as reversed_paid_amount,
    reversal.original_key, reversal.original_date,
    correction.payment_claim_key as correction_key,
    correction.event_date as correction_date,
    correction.paid_amount as corrected_paid_amount
from with_original as reversal
left join corrections as correction
    on reversal.claim_key = correction.claim_key
    and reversal.payer_code = correction.payer_code
    and reversal.reversal_no = correction.correction_no
    and correction.event_date >= reversal.event_date
