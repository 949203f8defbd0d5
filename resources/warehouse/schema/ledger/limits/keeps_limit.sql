-- Tells whether a signature keeps the limit and delegation that it names, worked out again.
-- Signatures from before policy had versions name none.
create or replace function ledger.keeps_limit(p_approval_id bigint) returns boolean
language sql stable set search_path = pg_catalog, pg_temp as $$
    select signature.policy_id is null or coalesce((
        select ledger.limit_problem(greatest(signature.event_amount,
                   ledger.event_amount(signature.entry_id)),
                   greatest(signature.entry_amount, entry.gross_amount),
                   signature.account_day_amount, allowed.event_amount, allowed.entry_amount,
                   allowed.account_day_amount) is null
           and (allowed.approval_classes is null
                or entry.approval_class = any(allowed.approval_classes))
           and (signature.approved_at at time zone 'UTC')::date between allowed.effective_from
                and coalesce(allowed.effective_to, 'infinity'::date)
           and policy.policy_version = signature.policy_version
           and (signature.delegation_id is null or (
                given.to_login = ledger.short_login(signature.approver)
                and given.from_login = signature.authority
                and entry.approval_class = any(given.approval_classes)
                and (signature.approved_at at time zone 'UTC')::date
                    between given.effective_from and given.effective_to))
        from ledger.entry as entry
        join ledger.policy as policy on policy.policy_id = signature.policy_id
        join ledger.policy_limit as allowed
            on (allowed.policy_id, allowed.limit_id) = (signature.policy_id, signature.limit_id)
        left join ledger.policy_delegation as given on (given.policy_id, given.delegation_id)
            = (signature.policy_id, signature.delegation_id)
        where entry.entry_id = signature.entry_id), false)
    from ledger.approval as signature where signature.approval_id = p_approval_id
$$;
