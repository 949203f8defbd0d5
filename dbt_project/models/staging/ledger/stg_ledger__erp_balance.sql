{{ config(tags=['post']) }}

select
    entity_code,
    account,
    balance_amount,
    as_of_date,
    read_at
from {{ source('ledger', 'erp_balance') }}
