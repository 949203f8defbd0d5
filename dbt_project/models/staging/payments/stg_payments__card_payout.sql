select
    file_id,
    segment,
    known_at,
    payout_id,
    nullif(trim(merchant), '') as merchant,
    coalesce(amount, 0) as amount,
    coalesce(upper(nullif(trim(currency), '')), 'USD') as currency_code,
    status,
    arrival_date,
    upper(nullif(trim(trace_number), '')) as trace_number
from {{ source('raw', 'card_payout') }}
