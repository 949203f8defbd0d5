{{ config(tags=['post']) }}

select
    entry.entry_id,
    entry.entity_code,
    entry.state,
    line.line_no,
    line.account,
    coalesce(line.debit_amount, 0) - coalesce(line.credit_amount, 0) as signed_amount
from {{ source('ledger', 'entry') }} as entry
inner join {{ source('ledger', 'entry_line') }} as line on entry.entry_id = line.entry_id
