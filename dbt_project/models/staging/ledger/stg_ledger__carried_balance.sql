{{ config(tags=['post']) }}

select
    line.entity_code,
    line.account,
    line.balance_amount,
    carry.last_day
from {{ source('ledger', 'carried_balance') }} as line
inner join {{ source('ledger', 'carry') }} as carry using (entity_code)
