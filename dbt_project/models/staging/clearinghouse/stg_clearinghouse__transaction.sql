select
    file_id,
    segment,
    known_at,
    transaction_no,
    set_id,
    trim(sender_id) as sender_id,
    trim(receiver_id) as receiver_id,
    nullif(ltrim(trim(interchange_control), '0'), '') as interchange_control,
    nullif(ltrim(trim(group_control), '0'), '') as group_control,
    nullif(ltrim(trim(transaction_control), '0'), '') as transaction_control,
    interchange_date,
    content_hash,
    finding_code
from {{ source('raw', 'x12_transaction') }}
