-- The persons behind an entry: signers, and makers other than the pipeline's login.
create or replace view ledger.entry_person as
select entry.entry_id, entry.entity_code, entry.proposed_at, signed.approver as person
from ledger.tested_entry as entry
join ledger.approval as signed using (entry_id)
where signed.voided_at is null and signed.basis = 'person'
union
select entry_id, entity_code, proposed_at, proposed_by
from ledger.tested_entry where proposed_by <> ':prefix_preparer';
