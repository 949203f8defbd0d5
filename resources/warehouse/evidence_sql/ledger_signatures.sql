-- One row per signature on an entry of the pack: the version of the policy, the limit or delegation
-- that allowed it, what was measured, and its row of the audit.
select
    signature.approval_id, signature.entry_id, signature.content_hash, signature.basis,
    signature.approver, signature.approved_at, signature.voided_at,
    entry.proposed_by as prepared_by, entry.approval_class, signature.policy_id,
    signature.policy_version, signature.limit_id, signature.delegation_id, signature.authority,
    signature.event_amount as event_measure, signature.entry_amount as entry_measure,
    signature.account_day_amount as account_day_measure, audit.seq as audit_seq
from ledger.approval as signature
inner join ledger.entry as entry using (entry_id)
left join ledger.audit as audit
    on signature.entry_id = audit.entry_id and audit.action = 'sign'
    and audit.detail ->> 'approval_id' = signature.approval_id::text
where entry.entity_code = any(%(entities)s)
    and entry.accounting_date between %(first)s and %(last)s
order by signature.approval_id
