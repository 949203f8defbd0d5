-- Each claim payment matched to a known claim: the same provider first, else the only claim of
-- that account in the entity. One adjustment nobody has classified holds back the whole claim.
with

unclassified as (
    select distinct adjustment.file_id, adjustment.claim_no
    from {{ ref('stg_clearinghouse__claim_adjustment') }} as adjustment
    left join {{ ref('claim_adjustment_classes') }} as classes
        on adjustment.group_code = classes.group_code
        and adjustment.reason_code = classes.reason_code
    where classes.class is null and adjustment.amount <> 0
),

located as (
    select
        claim.file_id, claim.segment, claim.known_at, claim.transaction_no, claim.claim_no,
        claim.claim_ordinal, claim.account_hash, claim.claim_status_code, claim.charge_amount,
        claim.paid_amount, claim.finding_code,
        remittance.entity_code, remittance.facility_code, remittance.provider_id,
        remittance.payer_code, remittance.payer_class, remittance.payment_key,
        remittance.trace_number, remittance.event_date, remittance.content_hash,
        remittance.reason_code as remittance_reason_code,
        {{ surrogate_key(['remittance.entity_code', 'claim.account_hash']) }} as account_key,
        {{ surrogate_key(
            ['remittance.entity_code', 'remittance.provider_id', 'claim.account_hash']
        ) }} as own_claim_key
    from {{ ref('stg_clearinghouse__remittance_claim') }} as claim
    inner join {{ ref('int_remittance') }} as remittance
        on claim.file_id = remittance.file_id
        and claim.transaction_no = remittance.transaction_no
),

matched as (
    select
        located.*,
        coalesce(own.claim_key, other.claim_key) as matched_claim_key,
        coalesce(own.facility_code, other.facility_code) as claim_facility_code,
        account.payer_class as account_payer_class,
        unclassified.file_id is not null as has_unclassified_adjustment
    from located
    left join {{ ref('int_claim_account') }} as own
        on located.account_hash is not null and located.own_claim_key = own.claim_key
    left join {{ ref('int_claim_account') }} as other
        on own.claim_key is null and located.account_hash is not null
        and located.account_key = other.account_key and other.claim_count = 1
    left join {{ ref('int_account') }} as account
        on coalesce(own.account_key, other.account_key) = account.account_key
    left join unclassified
        on located.file_id = unclassified.file_id and located.claim_no = unclassified.claim_no
)

select
    file_id, segment, known_at, transaction_no, claim_no, claim_ordinal, claim_status_code,
    charge_amount, paid_amount, entity_code, payer_code, payment_key, trace_number, event_date,
    content_hash, account_key,
    payer_class as remitting_payer_class,
    matched_claim_key is not null as is_matched,
    coalesce(matched_claim_key, own_claim_key) as claim_key,
    coalesce(claim_facility_code, facility_code) as facility_code,
    coalesce(account_payer_class, payer_class) as payer_class,
    case
        when remittance_reason_code is not null then remittance_reason_code
        when finding_code is not null then finding_code
        when has_unclassified_adjustment then 'UNKNOWN_ADJUSTMENT_CODE'
        when claim_status_code = '25' then 'NOT_A_POSTING'
    end as reason_code
from matched
