-- How far each claim version has come: sent, transmission accepted or rejected (999, TA1), claim
-- accepted or rejected (277CA), adjudicated (835). A version may have been sent in several files:
-- the answer to the last of them counts.
with

transmitted as (
    select
        version.version_key,
        transmission.*,
        row_number() over (
            partition by version.version_key
            order by
                transmission.sent_date desc nulls last, transmission.answered_date desc nulls last,
                transmission.is_rejected desc, transmission.content_hash, transmission.file_id
        ) as transmission_rank
    from {{ ref('int_claim_sent') }} as version
    inner join {{ ref('int_claim_version') }} as copy
        on version.version_key = copy.version_key
    inner join {{ ref('int_transmission') }} as transmission
        on copy.file_id = transmission.file_id
        and copy.transaction_no = transmission.transaction_no
),

settled as (
    -- A later version takes a rejection over once somebody has answered for it.
    select distinct earlier.version_key
    from {{ ref('int_claim_sent') }} as earlier
    inner join {{ ref('int_claim_sent') }} as later
        on earlier.claim_key = later.claim_key
        and earlier.payer_sequence = later.payer_sequence
        and later.version_no > earlier.version_no
    left join {{ ref('int_claim_answer') }} as answer on later.version_key = answer.version_key
    left join {{ ref('int_claim_adjudicated') }} as adjudicated
        on later.version_key = adjudicated.version_key
    where answer.version_key is not null or adjudicated.version_key is not null
),

joined as (
    select
        version.*,
        transmitted.disposition as transmission_disposition,
        transmitted.answered_date as transmission_answered_date,
        coalesce(transmitted.is_rejected, false) as is_transmission_rejected,
        coalesce(transmitted.has_answering_partner, false) as has_answering_partner,
        answer.category_code, answer.status_code,
        answer.answered_date as claim_answered_date,
        coalesce(answer.is_rejection, false) as is_claim_rejected,
        coalesce(answer.is_known_to_payer, false) as is_known_to_payer,
        adjudicated.adjudicated_date,
        adjudicated.paid_amount,
        settled.version_key is not null as is_settled,
        installation.as_of_date
    from {{ ref('int_claim_sent') }} as version
    cross join {{ ref('stg_ops__installation') }} as installation
    left join transmitted
        on version.version_key = transmitted.version_key and transmitted.transmission_rank = 1
    left join {{ ref('int_claim_answer') }} as answer on version.version_key = answer.version_key
    left join {{ ref('int_claim_adjudicated') }} as adjudicated
        on version.version_key = adjudicated.version_key
    left join settled on version.version_key = settled.version_key
)

select
    *,
    case
        when adjudicated_date is not null then 'adjudicated'
        when is_claim_rejected then 'claim_rejected'
        when category_code is not null then 'claim_accepted'
        when is_transmission_rejected then 'transmission_rejected'
        when transmission_disposition is not null then 'transmission_accepted'
        else 'sent'
    end as stage,
    coalesce(
        adjudicated_date, claim_answered_date, transmission_answered_date, sent_date
    ) as stage_date
from joined
