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
),

-- One row per number that a reference may name a reversal by.
named as (
    {% for number in ['claim_number', 'payer_claim_number', 'original_number', 'trace_number'] -%}
    select
        reversal_key, entity_code, payer_code, reversal_date, reversed_paid_amount, trace_number,
        {{ number }} as number, {{ number == 'trace_number' }} as is_payment
    from reversals
    where {{ number }} is not null
    {% if not loop.last %}union all
    {% endif -%}
    {% endfor -%}
)

select distinct
    items.item_key, named.reversal_key, named.reversal_date, named.reversed_paid_amount,
    case when items.reference_id = named.trace_number then 'payment' else 'claim' end
        as linked_by
from items
inner join named
    on items.reference_id = named.number
    and items.entity_code = named.entity_code and items.payer_code = named.payer_code
    and named.reversal_date <= items.last_date
where items.is_carried or not named.is_payment
