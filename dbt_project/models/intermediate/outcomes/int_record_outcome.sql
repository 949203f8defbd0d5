-- How every received record of a measured kind ended. The dollars of a kind are its own control
-- measure; dollars of different kinds are never added.
with

adjustments_posted as (
    select distinct file_id, claim_no
    from {{ ref('int_remittance_adjustment') }}
    where has_posting
),

-- A transaction that holds no record of a kind below is a record itself, with what it pays: an
-- acknowledgement, and a remittance or a batch of claims with nothing in it.
holding_records as (
    select file_id, transaction_no from {{ ref('stg_clearinghouse__claim') }}
    union
    select file_id, transaction_no from {{ ref('stg_clearinghouse__remittance_claim') }}
    union
    select file_id, transaction_no from {{ ref('stg_clearinghouse__provider_adjustment') }}
),

records as (
    select
        'claim' as record_kind, file_id, segment, claim_no as ordinal,
        'clearinghouse' as source, entity_code, charge_amount as amount, outcome, reason_code
    from {{ ref('int_claim_version') }}
    union all
    select
        'remittance_claim', claim.file_id, claim.segment, claim.claim_no,
        'clearinghouse', claim.entity_code, claim.paid_amount,
        case
            when claim.reason_code = 'NOT_A_POSTING' then 'memo'
            when claim.reason_code is not null then 'exception'
            when claim.paid_amount <> 0 or posted.file_id is not null then 'posted'
            when not claim.is_matched then 'exception'
            else 'memo'
        end,
        case
            when claim.reason_code is not null then claim.reason_code
            when claim.paid_amount <> 0 or posted.file_id is not null then null
            when not claim.is_matched then 'UNKNOWN_ACCOUNT'
            else 'NOT_A_POSTING'
        end
    from {{ ref('int_remittance_claim') }} as claim
    left join adjustments_posted as posted
        on claim.file_id = posted.file_id and claim.claim_no = posted.claim_no
    union all
    select
        'provider_adjustment', file_id, segment, transaction_no * 10000 + adjustment_no,
        'clearinghouse', entity_code, amount, outcome, reason_code
    from {{ ref('int_provider_adjustment') }}
    union all
    select
        'x12_transaction', transaction.file_id, transaction.segment, transaction.transaction_no,
        'clearinghouse', installation.default_entity_code, coalesce(remittance.payment_amount, 0),
        case
            when coalesce(transaction.finding_code, remittance.finding_code) is null then 'memo'
            else 'exception'
        end,
        coalesce(transaction.finding_code, remittance.finding_code, 'NOT_A_POSTING')
    from {{ ref('stg_clearinghouse__transaction') }} as transaction
    cross join {{ ref('stg_ops__installation') }} as installation
    left join {{ ref('stg_clearinghouse__remittance') }} as remittance
        on transaction.file_id = remittance.file_id
        and transaction.transaction_no = remittance.transaction_no
    left join holding_records
        on transaction.file_id = holding_records.file_id
        and transaction.transaction_no = holding_records.transaction_no
    where holding_records.file_id is null
    union all
    select
        'bank_transaction', file_id, segment, 0, 'bank', entity_code, amount, outcome, reason_code
    from {{ ref('int_bank_line_outcome') }}
    union all
    select
        'ach_entry', entry.file_id, entry.segment, entry.entry_no, 'bank',
        installation.default_entity_code, entry.amount,
        case when entry.finding_code is null then 'memo' else 'exception' end,
        coalesce(entry.finding_code, 'NOT_A_POSTING')
    from {{ ref('stg_bank__ach_entry') }} as entry
    cross join {{ ref('stg_ops__installation') }} as installation
    union all
    select
        'ehr_charge', file_id, segment, 0, 'ehr', entity_code, amount, outcome, reason_code
    from {{ ref('int_charge_version') }}
    union all
    select
        'card_charge', file_id, segment, 0, 'payments', entity_code, amount, outcome, reason_code
    from {{ ref('int_card_charge') }}
    union all
    select
        record_kind, file_id, segment, 0, 'payments', entity_code, amount, outcome, reason_code
    from {{ ref('int_card_movement') }}
    union all
    select
        'card_payout', payout.file_id, payout.segment, 0, 'payments',
        coalesce(entity.entity_code, installation.default_entity_code), payout.amount,
        'memo', 'NOT_A_POSTING'
    from {{ ref('stg_payments__card_payout') }} as payout
    cross join {{ ref('stg_ops__installation') }} as installation
    left join {{ ref('stg_ops__entity') }} as entity on payout.merchant = entity.entity_code
)

select
    {{ surrogate_key(['record_kind', 'ordinal', 'file_id', 'segment']) }} as record_id,
    record_kind,
    file_id,
    segment,
    source,
    entity_code,
    {{ money('amount') }} as amount,
    outcome,
    reason_code
from records
