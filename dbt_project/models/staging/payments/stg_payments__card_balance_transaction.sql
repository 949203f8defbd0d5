select
    file_id,
    segment,
    known_at,
    balance_transaction_id,
    type,
    source_id,
    payout_id,
    nullif(trim(merchant), '') as merchant,
    coalesce(fee_amount, 0) as fee_amount,
    coalesce(upper(nullif(trim(currency), '')), 'USD') as currency_code,
    cast(created_at at time zone 'UTC' as date) as created_date
from {{ source('raw', 'card_balance_transaction') }}
