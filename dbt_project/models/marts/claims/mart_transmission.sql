with

claims as (
    select
        copy.file_id, copy.transaction_no,
        count(*) as claim_count,
        sum(copy.charge_amount) as charge_amount,
        count(*) filter (where version.stage in ('claim_accepted', 'adjudicated'))
            as accepted_count,
        sum(copy.charge_amount) filter (where version.stage in ('claim_accepted', 'adjudicated'))
            as accepted_amount,
        count(*) filter (where version.stage in ('claim_rejected', 'transmission_rejected'))
            as rejected_count,
        sum(copy.charge_amount)
            filter (where version.stage in ('claim_rejected', 'transmission_rejected'))
            as rejected_amount
    from {{ ref('int_claim_version') }} as copy
    left join {{ ref('int_claim_acknowledgement') }} as version
        on copy.version_key = version.version_key
    group by copy.file_id, copy.transaction_no
)

select
    sent.file_id,
    sent.transaction_no,
    sent.sender_id,
    sent.receiver_id,
    sent.interchange_control,
    sent.group_control,
    sent.transaction_control,
    sent.sent_date,
    sent.answer_scope,
    sent.disposition,
    sent.reason_codes,
    sent.answered_date,
    sent.is_rejected,
    cast(coalesce(claims.claim_count, 0) as integer) as claim_count,
    cast(coalesce(claims.accepted_count, 0) as integer) as accepted_count,
    cast(coalesce(claims.rejected_count, 0) as integer) as rejected_count,
    cast(
        coalesce(claims.claim_count - claims.accepted_count - claims.rejected_count, 0) as integer
    ) as waiting_count,
    {{ money('coalesce(claims.charge_amount, 0)') }} as charge_amount,
    {{ money('coalesce(claims.accepted_amount, 0)') }} as accepted_amount,
    {{ money('coalesce(claims.rejected_amount, 0)') }} as rejected_amount,
    {{ money('coalesce(claims.charge_amount, 0) - coalesce(claims.accepted_amount, 0)'
        ~ ' - coalesce(claims.rejected_amount, 0)') }} as waiting_amount
from {{ ref('int_transmission') }} as sent
left join claims
    on sent.file_id = claims.file_id and sent.transaction_no = claims.transaction_no
