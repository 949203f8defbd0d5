-- One row per line of a manual entry of the pack, as it was decided: debit positive.
select
    line.request_id, line.line_no, line.account, line.facility_code, line.payer_class,
    line.signed_amount, line.claim_key, line.account_key, line.control_key, line.memo
from ledger.request_line as line
inner join ledger.request as request using (request_id)
where request.entity_code = any(%(entities)s)
    and (request.requested_at::date between %(first)s and %(last)s
         or exists (
            select from ledger.request_event as link
            inner join ledger.entry_event as event using (event_id)
            inner join ledger.entry as entry using (entry_id)
            where link.request_id = request.request_id
                and entry.accounting_date between %(first)s and %(last)s))
order by line.request_id, line.line_no
