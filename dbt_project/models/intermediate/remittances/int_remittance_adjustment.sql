-- Each adjustment of an accepted claim payment with its class and, where it posts, its event.
with

classified as (
    select
        adjustment.file_id, adjustment.segment, adjustment.claim_no, adjustment.adjustment_no,
        adjustment.group_code, adjustment.reason_code, adjustment.amount,
        classes.class, classes.root_cause, classes.is_denial,
        claim.known_at, claim.claim_ordinal, claim.claim_status_code, claim.entity_code,
        claim.facility_code, claim.payer_class, claim.payer_code, claim.payment_key,
        claim.trace_number, claim.event_date, claim.claim_key, claim.account_key,
        claim.is_matched,
        coalesce(rank.is_left_to_later, false) as is_left_to_later
    from {{ ref('stg_clearinghouse__claim_adjustment') }} as adjustment
    inner join {{ ref('int_remittance_claim') }} as claim
        on adjustment.file_id = claim.file_id and adjustment.claim_no = claim.claim_no
    inner join {{ ref('claim_adjustment_classes') }} as classes
        on adjustment.group_code = classes.group_code
        and adjustment.reason_code = classes.reason_code
    left join {{ ref('int_remittance_claim_rank') }} as rank
        on claim.claim_key = rank.claim_key and claim.payer_code = rank.payer_code
    where claim.reason_code is null and adjustment.amount <> 0
)

select
    *,
    case
        when not is_matched then null
        when class = 'patient_resp' and is_left_to_later then null
        when class = 'contractual' then 'remit.cas.contractual'
        when class = 'sequestration' then 'remit.cas.sequestration'
        when class = 'patient_resp' then 'remit.cas.patient_resp'
        when class = 'capitated' then 'remit.cas.capitated'
        when class = 'withhold' then 'remit.cas.withhold'
        when class = 'tax_withheld' then 'remit.cas.tax_withheld'
        when class = 'denial' then 'remit.cas.denial'
        when class = 'prior_payer' then 'remit.cas.prior_payer'
    end as event,
    is_matched and class in (
        'contractual', 'sequestration', 'patient_resp', 'capitated', 'withhold', 'tax_withheld'
    ) and not (class = 'patient_resp' and is_left_to_later) as has_posting
from classified
