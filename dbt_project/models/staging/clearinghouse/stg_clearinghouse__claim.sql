-- The claim number stays in raw: from here on an account is its keyed hash.
select
    file_id,
    segment,
    known_at,
    transaction_no,
    claim_no,
    account_hash,
    nullif(trim(billing_npi), '') as billing_npi,
    nullif(trim(billing_tin), '') as billing_tin,
    nullif(trim(payer_id), '') as payer_id,
    coalesce(nullif(trim(payer_sequence), ''), 'P') as payer_sequence,
    coalesce(nullif(trim(frequency_code), ''), '1') as frequency_code,
    coalesce(charge_amount, 0) as charge_amount,
    service_from_date,
    coalesce(submitted_date, service_from_date, service_to_date) as submitted_date,
    content_hash,
    finding_code
from {{ source('raw', 'claim') }}
