select
    file_id,
    segment,
    known_at,
    transaction_no,
    set_id,
    interchange_date,
    finding_code
from {{ source('raw', 'x12_transaction') }}
