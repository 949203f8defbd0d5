-- Which reversal of a claim payment a recoupment is for, where its reference tells: it names the
-- claim (by the payer's number or ours, of the reversal or of what it takes back), or, as a balance
-- carried forward does, the payment in which the reversal stands. Same payer, no later than it.
with

claims as (
    select
        claim.file_id, claim.claim_no, claim.trace_number,
        {{ surrogate_key(['claim.payment_key', 'claim.claim_ordinal']) }} as payment_claim_key,
        said.claim_number, said.payer_claim_number
    from {{ ref('int_remittance_claim') }} as claim
    inner join {{ ref('stg_clearinghouse__remittance_claim') }} as said
        on claim.file_id = said.file_id and claim.claim_no = said.claim_no
    where claim.reason_code is null
),

reversals as (
    select
        reversal.reversal_key, reversal.entity_code, reversal.payer_code, reversal.reversal_date,
        reversal.reversed_paid_amount, own.claim_number, own.payer_claim_number,
        upper(trim(own.trace_number)) as trace_number,
        original.payer_claim_number as original_number
    from {{ ref('int_claim_reversal') }} as reversal
    inner join claims as own on reversal.reversal_key = own.payment_claim_key
    left join claims as original on reversal.original_key = original.payment_claim_key
),

items as (
    select
        item_key, entity_code, payer_code, reference_id, bool_or(event = 'plb.FB') as is_carried,
        max(event_date) as last_date
    from {{ ref('int_recoupment') }}
    where reference_id is not null
    group by item_key, entity_code, payer_code, reference_id
)

select distinct
    items.item_key, reversals.reversal_key, reversals.reversal_date,
    reversals.reversed_paid_amount,
    case when items.reference_id = reversals.trace_number then 'payment' else 'claim' end
        as linked_by
from items
inner join reversals
    on items.entity_code = reversals.entity_code and items.payer_code = reversals.payer_code
    and reversals.reversal_date <= items.last_date
    and (
        items.reference_id in (
            reversals.claim_number, reversals.payer_claim_number, reversals.original_number)
        or (items.is_carried and items.reference_id = reversals.trace_number)
    )
