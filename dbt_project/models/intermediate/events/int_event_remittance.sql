-- What accepted remittances say: payments, classified adjustments and provider-level adjustments.
-- Ordinals count within the winning transaction, so the envelope around it does not matter.
select
    case when is_matched then 'remit.paid' else 'remit.paid.unmatched' end as event,
    payment_key || '|' || claim_ordinal as business_key,
    entity_code, facility_code, payer_class, claim_key, account_key,
    trace_number as control_key, paid_amount as amount, event_date,
    file_id, segment, known_at
from {{ ref('int_remittance_claim') }}
where reason_code is null
union all
select
    event,
    payment_key || '|' || claim_ordinal || '|' || adjustment_no,
    entity_code, facility_code, payer_class, claim_key, account_key,
    trace_number, amount, event_date,
    file_id, segment, known_at
from {{ ref('int_remittance_adjustment') }}
where event is not null
union all
select
    event,
    payment_key || '|plb|' || adjustment_no,
    entity_code, facility_code, payer_class, null, null,
    trace_number, amount, event_date,
    file_id, segment, known_at
from {{ ref('int_provider_adjustment') }}
where outcome = 'posted'
