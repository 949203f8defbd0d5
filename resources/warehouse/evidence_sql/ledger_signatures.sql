-- One row per signature on an entry of the pack, with the policy that allowed it and its audit row.
select
    signature.approval_id, signature.entry_id, signature.content_hash, signature.basis,
    signature.approver, signature.approved_at, signature.voided_at,
    entry.proposed_by as prepared_by, entry.approval_class, class.basis as class_basis,
    class.signatures as class_signatures, allowed.event_amount as event_limit,
    allowed.entry_amount as entry_limit, allowed.account_day_amount as account_day_limit,
    audit.seq as audit_seq
from ledger.approval as signature
inner join ledger.entry as entry using (entry_id)
left join ledger.approval_class as class using (approval_class)
left join ledger.approval_limit as allowed on signature.basis = allowed.basis
left join ledger.audit as audit
    on signature.entry_id = audit.entry_id and audit.action = 'sign'
    and (audit.detail ->> 'approval_id')::bigint = signature.approval_id
where entry.entity_code = any(%(entities)s)
    and entry.accounting_date between %(first)s and %(last)s
order by signature.approval_id
