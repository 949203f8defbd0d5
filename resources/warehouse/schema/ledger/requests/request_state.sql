-- Requests with their state and who decided.
create or replace view ledger.request_state as
select
    request.request_id, request.event, request.entity_code, request.subject_key, request.amount,
    request.reason, request.attachment_sha256, request.tender, request.content_hash,
    request.requested_by, request.requested_at, kind.rule,
    coalesce(request.approval_class, kind.approval_class) as approval_class, kind.subject,
    greatest(coalesce(class.signatures, 1), 1) as needed,
    coalesce(acts.approvals, 0) as approvals,
    case
        when acts.is_ended then acts.ended_as
        when coalesce(acts.approvals, 0) >= greatest(coalesce(class.signatures, 1), 1)
            then 'approved'
        else 'open'
    end as state,
    acts.decided_date, acts.decided_at,
    request.reason_code, request.attachment_size, request.attachment_type, request.payee,
    request.other_tender_reason, request.account_key, request.accounting_date,
    request.is_auto_reversed, request.reverses_request_id, request.lines
from ledger.request as request
join ledger.request_kind as kind using (event)
left join ledger.approval_class as class
    on class.approval_class = coalesce(request.approval_class, kind.approval_class)
left join (
    select request_id,
           count(*) filter (where act = 'approved') as approvals,
           bool_or(act <> 'approved') as is_ended,
           max(act) filter (where act <> 'approved') as ended_as,
           max(decided_date) as decided_date, max(acted_at) as decided_at
    from ledger.request_act group by request_id
) as acts using (request_id);
