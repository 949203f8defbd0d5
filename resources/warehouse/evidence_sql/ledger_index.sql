-- One row per entry of the whole ledger, whatever its period: so that none can be left out.
select entry_id, entity_code, accounting_date, state, entry_no, content_hash
from ledger.entry
order by entry_id
