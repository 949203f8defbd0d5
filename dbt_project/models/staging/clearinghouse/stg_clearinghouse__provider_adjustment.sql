select
    file_id,
    segment,
    known_at,
    transaction_no,
    adjustment_no,
    upper(trim(reason_code)) as reason_code,
    nullif(upper(trim(reference_id)), '') as reference_id,
    coalesce(amount, 0) as amount
from {{ source('raw', 'provider_adjustment') }}
