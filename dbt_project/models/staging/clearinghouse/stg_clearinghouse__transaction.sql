select
    file_id,
    segment,
    known_at,
    transaction_no,
    set_id,
    trim(sender_id) as sender_id,
    trim(receiver_id) as receiver_id,
    nullif(ltrim(trim(interchange_control), '0'), '') as interchange_control,
    interchange_date,
    finding_code
from {{ source('raw', 'x12_transaction') }}
