select
    file_id,
    segment,
    known_at,
    statement_no,
    transaction_no,
    type_code,
    direction,
    coalesce(amount, 0) as amount,
    value_date,
    upper(concat_ws(' ', description, customer_reference, bank_reference)) as reference_text,
    nullif(trim(trace_number), '') as trace_number,
    nullif(trim(originator_id), '') as originator_id
from {{ source('raw', 'bank_transaction') }}
