-- The population of the audit tests: recorded entries.
create or replace view ledger.tested_entry as
select entry.entry_id, entry.entity_code, entry.accounting_date, entry.approval_class,
       entry.state, entry.build_id, build.as_of_date, entry.gross_amount, entry.line_count,
       entry.proposed_by, entry.proposed_at
from ledger.entry as entry join ops.build as build using (build_id)
where entry.state in ('approved', 'sending', 'unknown', 'posted');
