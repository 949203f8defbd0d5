select
    file_id,
    segment,
    transaction_no,
    claim_no,
    adjustment_no,
    upper(trim(group_code)) as group_code,
    upper(trim(reason_code)) as reason_code,
    coalesce(amount, 0) as amount
from {{ source('raw', 'claim_adjustment') }}
