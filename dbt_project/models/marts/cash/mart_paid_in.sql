with

payments as (
    select
        entity_code, 'account' as subject, account_key as subject_key, 'patient' as payee,
        'card' as tender, amount as paid_amount, 0 as refunded_amount
    from {{ ref('int_card_charge') }}
    where outcome = 'posted' and is_matched
    union all
    select entity_code, 'account', account_key, 'patient', 'card', 0, amount
    from {{ ref('int_card_movement') }}
    where outcome = 'posted' and record_kind = 'card_refund' and account_key is not null
    union all
    select
        claim.entity_code, 'claim', claim.claim_key, claim.payer_code,
        case remittance.payment_method when 'ACH' then 'ach' when 'CHK' then 'cheque'
            else 'other' end,
        claim.paid_amount, 0
    from {{ ref('int_remittance_claim') }} as claim
    inner join {{ ref('int_remittance') }} as remittance
        on claim.file_id = remittance.file_id
        and claim.transaction_no = remittance.transaction_no
    where claim.reason_code is null and claim.is_matched
),

final as (
    select
        entity_code,
        subject,
        subject_key,
        payee,
        tender,
        {{ money('sum(paid_amount)') }} as paid_amount,
        {{ money('sum(refunded_amount)') }} as refunded_amount
    from payments
    group by entity_code, subject, subject_key, payee, tender
)

select * from final
