-- Audit test: entries with refunds by another tender than the payment.
create or replace function ledger.test_other_tender()
returns table (entry_id bigint, amount numeric, detail text)
language sql stable set search_path = pg_catalog, pg_temp as $$
    select entry.entry_id, sum(request.amount),
           string_agg(format('request %s: %s to %s by %s', request.request_id, request.amount,
               request.payee, request.tender), ', ' order by request.request_id)
    from ledger.tested_entry as entry
    join (select distinct entry_id, event_id from ledger.entry_event) as event using (entry_id)
    join ledger.request_event as link using (event_id)
    join ledger.request as request using (request_id)
    where request.other_tender_reason is not null
    group by entry.entry_id order by entry.entry_id
$$;
