select
    acknowledgement.version_key,
    acknowledgement.claim_key,
    acknowledgement.entity_code,
    coalesce(payers.payer_code, acknowledgement.payer_id, 'UNKNOWN') as payer_code,
    acknowledgement.payer_sequence,
    acknowledgement.frequency_code,
    cast(acknowledgement.version_no as integer) as version_no,
    acknowledgement.before_version_key as replaces_version_key,
    acknowledgement.after_version_key as replaced_by_version_key,
    acknowledgement.is_current,
    {{ money('acknowledgement.charge_amount') }} as charge_amount,
    acknowledgement.sent_date,
    acknowledgement.transmission_disposition,
    acknowledgement.transmission_answered_date,
    acknowledgement.category_code as claim_category_code,
    acknowledgement.status_code as claim_status_code,
    acknowledgement.claim_answered_date,
    acknowledgement.is_known_to_payer,
    acknowledgement.adjudicated_date,
    {{ money('acknowledgement.paid_amount') }} as paid_amount,
    acknowledgement.stage,
    acknowledgement.stage in ('claim_rejected', 'transmission_rejected') as is_rejected,
    cast(acknowledgement.as_of_date - acknowledgement.stage_date as integer) as age_days
from {{ ref('int_claim_acknowledgement') }} as acknowledgement
left join {{ ref('payers') }} as payers
    on acknowledgement.payer_id in (payers.payer_trace_id, payers.payer_code)
