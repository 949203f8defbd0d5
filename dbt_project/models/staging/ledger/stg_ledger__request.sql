select
    request_id,
    event,
    entity_code,
    subject,
    subject_key,
    amount,
    decided_date,
    decided_at
from {{ source('ledger', 'request_state') }}
where state = 'approved' and subject <> 'entry'
