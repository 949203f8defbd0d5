-- Who answers last for a claim: one row per claim and payer. A payer that forwarded the claim, or
-- is followed by a later payer's remittance, leaves the patient's share to that payer.
with

ranks as (
    select
        claim_key,
        payer_code,
        coalesce(max(
            case
                when claim_status_code in ('3', '21') then 3
                when claim_status_code in ('2', '20') then 2
                when claim_status_code <> '22' then 1
            end
        ), 1) as payer_rank,
        bool_or(claim_status_code in ('19', '20', '21')) as is_forwarded
    from {{ ref('int_remittance_claim') }}
    where reason_code is null and is_matched
    group by claim_key, payer_code
)

select
    claim_key,
    payer_code,
    payer_rank,
    is_forwarded,
    is_forwarded or payer_rank < max(payer_rank) over (partition by claim_key) as is_left_to_later
from ranks
