select
    file_id,
    source,
    kind as file_kind,
    size_bytes,
    received_at,
    landed_at,
    outcome as file_outcome,
    reason_code
from {{ source('ops', 'received_file') }}
