-- The ordinal counts claims within their transaction: the same wherever the transaction stands.
select
    file_id,
    segment,
    known_at,
    transaction_no,
    claim_no,
    row_number() over (
        partition by file_id, transaction_no order by claim_no
    ) as claim_ordinal,
    account_hash,
    nullif(upper(trim(claim_number)), '') as claim_number,
    nullif(upper(trim(payer_claim_number)), '') as payer_claim_number,
    coalesce(nullif(trim(claim_status_code), ''), '1') as claim_status_code,
    coalesce(charge_amount, 0) as charge_amount,
    coalesce(paid_amount, 0) as paid_amount,
    service_from_date,
    finding_code
from {{ source('raw', 'remittance_claim') }}
