-- Entries whose content, signatures or limits do not hold when they are worked out again.
create or replace function ledger.verify_entries() returns table (entry_id bigint, problem text)
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select content.entry_id, content.problem from ledger.verify_content() as content
    union all
    select signature.entry_id, 'APPROVAL' from ledger.approval as signature
    where not ledger.is_audited(signature.approval_id)
    union all
    select signature.entry_id, 'LIMIT' from ledger.approval as signature
    where signature.voided_at is null and not ledger.keeps_limit(signature.approval_id)
    union all
    select audit.entry_id, 'APPROVAL' from ledger.audit as audit
    where audit.action = 'sign' and not exists (
        select from ledger.approval
        where approval_id = (audit.detail ->> 'approval_id')::bigint)
    union all
    -- What stands as approved has as many signatures as the newest policy that it was signed
    -- under asked for.
    select entry.entry_id, 'UNSIGNED'
    from ledger.entry as entry left join lateral (
        select count(*) as signatures, max(policy_id) as policy_id
        from ledger.approval as signature
        where signature.entry_id = entry.entry_id and signature.voided_at is null
          and signature.content_hash = entry.content_hash
          and signature.approver <> entry.proposed_by) as signed on true
    left join ledger.policy_class as class
        on (class.policy_id, class.approval_class) = (signed.policy_id, entry.approval_class)
    where entry.state in ('approved', 'sending', 'unknown', 'posted')
      and signed.signatures < coalesce(class.signatures, 1)
$$;
