-- What posted but needs a look: listed beside the exceptions, blocking nothing. The detail names a
-- position and a rule; of document values only a well-formed NPI, which is a public register's.
with

unmapped as (
    select
        provider.provider_id, provider.entity_code, seen.file_id, seen.segment, seen.source
    from {{ ref('int_provider_resolved') }} as provider
    inner join (
        select coalesce(billing_npi, billing_tin, '') as provider_id, file_id, segment,
            'clearinghouse' as source
        from {{ ref('stg_clearinghouse__claim') }}
        union all
        select coalesce(payee_npi, payee_tin, ''), file_id, segment, 'clearinghouse'
        from {{ ref('stg_clearinghouse__remittance') }}
        union all
        select coalesce(provider_npi, ''), file_id, segment, 'ehr'
        from {{ ref('stg_ehr__encounter') }}
    ) as seen on provider.provider_id = seen.provider_id
    where not provider.is_mapped
),

warnings as (
    select
        'remittance_claim' as record_kind, claim_no as ordinal, file_id, segment,
        'clearinghouse' as source, entity_code, paid_amount as amount, 'posted' as outcome,
        'UNKNOWN_ACCOUNT' as reason_code,
        'a payment belongs to an account (JR61)' as rule,
        'a claim payment without a known account: paid is unapplied, its adjustments wait'
            as detail
    from {{ ref('int_remittance_claim') }}
    where reason_code is null and not is_matched and paid_amount <> 0
    union all
    select
        'card_charge', 0, file_id, segment, 'payments', entity_code, amount, 'posted',
        'UNKNOWN_ACCOUNT', 'a payment belongs to an account (JR26)',
        'a card payment without a known account is unapplied'
    from {{ ref('int_card_charge') }}
    where outcome = 'posted' and not is_matched
    union all
    select
        'bank_transaction', 0, file_id, segment, 'bank', entity_code, amount, 'posted',
        'UNMATCHED_DEPOSIT', 'a deposit has its remittance (JR28)',
        'a payer deposit that no remittance explains'
    from {{ ref('int_bank_line_outcome') }}
    where event = 'payer.deposit.received' and not has_remittance
    union all
    select
        'provider_adjustment', transaction_no * 10000 + adjustment_no, file_id, segment,
        'clearinghouse', entity_code, amount, 'posted',
        'UNKNOWN_ADJUSTMENT_CODE', 'every adjustment has a class (JR22)',
        'a provider-level adjustment waits in suspense'
    from {{ ref('int_provider_adjustment') }}
    where outcome = 'posted' and event = 'plb.other'
    union all
    select
        'ehr_charge', 0, file_id, segment, 'ehr', entity_code, amount, 'posted',
        'DATED_AFTER_AS_OF', 'nothing is dated after the as-of date (JR03)',
        'a charge is withdrawn after the as-of date'
    from {{ ref('int_charge_version') }}
    where outcome = 'posted' and is_reversed and is_reversed_after_as_of
    union all
    select
        record_kind, ordinal, file_id, segment, 'clearinghouse', entity_code, amount, 'posted',
        reason_code, rule, detail
    from {{ ref('int_acknowledgement_warning') }}
    union all
    select
        'remittance_claim', claim_no, file_id, segment, 'clearinghouse', entity_code,
        reversed_paid_amount, 'posted', 'REVERSAL_WITHOUT_ORIGINAL',
        'a reversal takes back an earlier payment (X221 1.10.2.8)',
        'no earlier payment of this claim has these amounts'
    from {{ ref('int_claim_reversal') }}
    where original_key is null
    union all
    (
        select distinct on (entity_code)
            'bank_transaction', 1, file_id, segment, 'bank', entity_code, 0,
            'posted', 'UNMAPPED_BANK_ACCOUNT',
            'a bank account belongs to an entity',
            'a bank account without a mapping belongs to the default entity'
        from {{ ref('int_bank_line_outcome') }}
        where not is_mapped and outcome = 'posted'
        order by entity_code, file_id, segment
    )
    union all
    (
        select distinct on (provider_id)
            'provider', 0, file_id, segment, source, entity_code, 0,
            'posted', 'UNMAPPED_PROVIDER',
            'a provider number belongs to a facility',
            case
                when provider_id ~ '^[0-9]{10}$'
                    then 'provider ' || provider_id || ' has no facility in the provider map'
                else 'a provider without an NPI has no facility in the provider map'
            end
        from unmapped
        order by provider_id, file_id, segment
    )
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
    reason_code,
    rule,
    detail
from warnings
