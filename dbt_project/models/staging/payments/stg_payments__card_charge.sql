select
    file_id,
    segment,
    known_at,
    charge_id,
    account_hash,
    nullif(trim(merchant), '') as merchant,
    coalesce(amount, 0) as amount,
    coalesce(upper(nullif(trim(currency), '')), 'USD') as currency_code,
    status,
    cast(captured_at at time zone 'UTC' as date) as captured_date
from {{ source('raw', 'card_charge') }}
