select
    file_id,
    segment,
    claim_no,
    line_no,
    coalesce(charge_amount, 0) as charge_amount,
    service_date
from {{ source('raw', 'claim_line') }}
