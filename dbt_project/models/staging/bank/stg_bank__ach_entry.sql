select
    file_id,
    segment,
    known_at,
    entry_no,
    direction,
    coalesce(amount, 0) as amount,
    effective_date,
    nullif(trim(trace_number), '') as trace_number,
    nullif(trim(originator_id), '') as originator_id,
    ach_trace,
    finding_code
from {{ source('raw', 'ach_entry') }}
