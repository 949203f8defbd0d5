{{ config(tags=['post']) }}

select
    line.foreign_line_id,
    line.entity_code,
    line.account,
    line.accounting_date,
    line.amount,
    line.code,
    line.state
from {{ source('ledger', 'foreign_state') }} as line
cross join {{ ref('stg_ops__installation') }} as installation
where line.state <> 'gone' and line.accounting_date <= installation.as_of_date
