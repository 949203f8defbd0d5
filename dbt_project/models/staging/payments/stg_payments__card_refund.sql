select
    file_id,
    segment,
    known_at,
    refund_id,
    charge_id,
    coalesce(amount, 0) as amount,
    coalesce(upper(nullif(trim(currency), '')), 'USD') as currency_code,
    status,
    cast(refunded_at at time zone 'UTC' as date) as refunded_date,
    balance_transaction_id
from {{ source('raw', 'card_refund') }}
