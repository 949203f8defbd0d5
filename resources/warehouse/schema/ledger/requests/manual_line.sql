-- Lines that approved manual entries put into the books up to the as-of date, for tie-outs: as
-- requested, and with the sign changed on the first of the next month where that was requested.
create or replace view ledger.manual_line as
select line.request_id, line.entity_code, line.account, line.claim_key, line.account_key,
       coalesce(line.control_key, 'request ' || line.request_id) as control_key,
       occasion.event_date, occasion.sign * line.signed_amount as signed_amount
from ledger.request_line as line
join ledger.request_state as request using (request_id)
cross join ops.installation as installation
cross join lateral (values
    (1, request.accounting_date, true),
    (-1, (date_trunc('month', request.accounting_date) + interval '1 month')::date,
     request.is_auto_reversed)) as occasion (sign, event_date, is_wanted)
where request.state = 'approved' and occasion.is_wanted
  and occasion.event_date <= installation.as_of_date;
