-- Signatures that count towards the number that a class asks for.
create or replace view ledger.counted_signature as
select signature.entry_id, signature.approval_id
from ledger.approval as signature
join ledger.entry as entry using (entry_id)
join ledger.approval_class as class using (approval_class)
where signature.voided_at is null
  and signature.content_hash = entry.content_hash
  and (signature.basis = 'person' or class.basis = 'policy')
  and signature.approver <> entry.proposed_by;
