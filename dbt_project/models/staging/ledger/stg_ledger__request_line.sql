select
    line.request_id,
    line.line_no,
    line.account,
    line.facility_code,
    line.payer_class,
    line.signed_amount,
    line.claim_key,
    line.account_key,
    line.control_key,
    request.entity_code,
    request.event,
    request.approval_class,
    request.accounting_date,
    request.is_auto_reversed,
    request.content_hash,
    request.decided_at
from {{ source('ledger', 'request_line') }} as line
inner join {{ source('ledger', 'request_state') }} as request
    on line.request_id = request.request_id
where request.state = 'approved'
