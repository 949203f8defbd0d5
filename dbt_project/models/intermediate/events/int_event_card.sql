-- What the card processor says: patient payments, fees and refunds.
select
    case when is_matched then 'patient.payment' else 'patient.payment.unapplied' end as event,
    charge_id as business_key,
    entity_code, facility_code, payer_class, cast(null as text) as claim_key, account_key,
    charge_id as control_key, amount, captured_date as event_date,
    file_id, segment, known_at
from {{ ref('int_card_charge') }}
where outcome = 'posted'
union all
select
    event,
    movement_id,
    entity_code, facility_code, payer_class, null, account_key,
    movement_id, amount, event_date,
    file_id, segment, known_at
from {{ ref('int_card_movement') }}
where outcome = 'posted'
