select
    file_id,
    segment,
    known_at,
    charge_id,
    encounter_id,
    status,
    coalesce(amount, 0) as amount,
    service_date,
    coalesce(posted_date, service_date) as posted_date,
    updated_at
from {{ source('raw', 'ehr_charge') }}
