select
    file_id,
    segment,
    known_at,
    transaction_no,
    nullif(trim(payer_id), '') as payer_id,
    nullif(trim(trace_number), '') as trace_number,
    payment_method,
    coalesce(payment_amount, 0) as payment_amount,
    coalesce(payment_date, production_date) as payment_date,
    nullif(trim(payee_npi), '') as payee_npi,
    nullif(trim(payee_tin), '') as payee_tin,
    coalesce(claim_paid_amount, 0) as claim_paid_amount,
    coalesce(provider_adjusted_amount, 0) as provider_adjusted_amount,
    content_hash,
    finding_code
from {{ source('raw', 'remittance') }}
