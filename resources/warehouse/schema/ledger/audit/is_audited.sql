-- Tells whether the audit has a signature as it stands, and its voiding if it is void.
create or replace function ledger.is_audited(p_approval_id bigint) returns boolean
language sql stable set search_path = pg_catalog, pg_temp as $$
    select exists (
        select from ledger.approval as signature join ledger.audit as audit
            on audit.entry_id = signature.entry_id and audit.action = 'sign'
           and (audit.detail ->> 'approval_id')::bigint = signature.approval_id
        where signature.approval_id = p_approval_id
          and audit.actor = signature.approver
          and audit.detail = jsonb_strip_nulls(jsonb_build_object(
            'approval_id', signature.approval_id, 'basis', signature.basis,
            'approver', signature.approver, 'content_hash', signature.content_hash,
            'policy_version', signature.policy_version, 'limit_id', signature.limit_id,
            'delegation_id', signature.delegation_id, 'authority', signature.authority,
            'event_amount', signature.event_amount, 'entry_amount', signature.entry_amount,
            'account_day_amount', signature.account_day_amount))
          and (signature.voided_at is not null) = exists (
            select from ledger.audit as void
            where void.entry_id = signature.entry_id and void.action = 'void signature'
              and (void.detail ->> 'approval_id')::bigint = signature.approval_id))
$$;
