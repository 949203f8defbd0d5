-- The events of the books that each request is the evidence of.
create or replace view ledger.request_event as
select request_id, 'decided' as occasion, md5(event || '|request|' || request_id) as event_id
from ledger.request
union all
select request_id, 'reversal', md5(event || '|request|' || request_id || '|reversal')
from ledger.request where is_auto_reversed;
