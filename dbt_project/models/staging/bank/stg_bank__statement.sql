select
    file_id,
    segment,
    known_at,
    statement_no,
    bank_account,
    as_of_date,
    coalesce(upper(nullif(trim(currency), '')), 'USD') as currency_code,
    content_hash,
    finding_code,
    file_made_at,
    file_number
from {{ source('raw', 'bank_statement') }}
