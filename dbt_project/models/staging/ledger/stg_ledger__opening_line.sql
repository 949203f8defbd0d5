select
    line.list_id,
    line.line_no,
    line.entity_code,
    kind.event,
    line.subject_key,
    line.payer_class,
    line.facility_code,
    line.amount,
    line.cutover_date,
    list.approved_at
from {{ source('ledger', 'opening_line') }} as line
inner join {{ source('ledger', 'opening_state') }} as list on line.list_id = list.list_id
inner join {{ source('ledger', 'opening_kind') }} as kind on line.account_kind = kind.account_kind
where list.state = 'approved'
