-- One row per request of a person that was asked for in the period, or that is the evidence of an
-- event of the pack. A document behind it is named by its hash: patients may stand in it.
select
    request.request_id, request.event, request.entity_code, request.subject, request.subject_key,
    request.amount as request_amount, request.reason_code, request.reason, request.payee,
    request.tender, request.other_tender_reason, request.attachment_sha256,
    request.attachment_size, request.attachment_type, request.approval_class,
    request.accounting_date, request.is_auto_reversed, request.reverses_request_id,
    request.requested_by, request.requested_at, request.needed, request.state,
    request.content_hash, (
        select string_agg(link.event_id, ' ' order by link.occasion)
        from ledger.request_event as link
        where link.request_id = request.request_id) as event_ids
from ledger.request_state as request
where request.entity_code = any(%(entities)s)
    and (request.requested_at::date between %(first)s and %(last)s
         or exists (
            select from ledger.request_event as link
            inner join ledger.entry_event as event using (event_id)
            inner join ledger.entry as entry using (entry_id)
            where link.request_id = request.request_id
                and entry.accounting_date between %(first)s and %(last)s))
order by request.request_id
