-- What a superuser did with the triggers switched off shows: signatures, policies and periods are
-- held against the audit and worked out again. Then who may call and read what.
alter function ledger.verify_chain() rename to verify_audit;
alter function ledger.verify_entries() rename to verify_content;

-- The audit, and the policies, acts and waivers that do not equal what it says of them.
create function ledger.verify_chain() returns table (seq bigint, problem text)
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select audit.seq, audit.problem from ledger.verify_audit() as audit
    union all
    select coalesce(audit.seq, 0), 'POLICY'
    from ledger.policy as policy full join (
        select seq, (detail ->> 'policy_id')::bigint as policy_id,
               detail ->> 'content_hash' as content_hash
        from ledger.audit where action = 'load policy') as audit using (policy_id)
    where audit.content_hash is distinct from ledger.policy_hash(policy.policy_id)
    union all
    select coalesce(audit.seq, 0), 'PERIOD'
    from ledger.period_act as done full join (
        select seq, detail, (detail ->> 'act_id')::bigint as act_id
        from ledger.audit where action = 'period act') as audit using (act_id)
    where (to_jsonb(done) - 'acted_at') is distinct from audit.detail
       or (done.request_id is not null and not exists (
            select from ledger.period_act as asked
            where asked.act_id = done.request_id and asked.actor <> done.actor))
    union all
    select coalesce(last.seq, 0), 'PERIOD'
    from ledger.period as period left join lateral (
        select audit.seq, audit.to_state from ledger.audit as audit
        where (audit.action = 'period act' and audit.detail ->> 'step' = 'approve'
               or audit.action = 'set period')
          and audit.detail ->> 'entity_code' = period.entity_code
          and audit.detail ->> 'period_start' = period.period_start::text
        order by audit.seq desc limit 1) as last on true
    where period.own_status <> coalesce(last.to_state, 'open')
    union all
    select coalesce(audit.seq, 0), 'WAIVER'
    from ledger.close_waiver as waiver full join (
        select seq, detail, (detail ->> 'waiver_id')::bigint as waiver_id
        from ledger.audit where action = 'waive') as audit using (waiver_id)
    where (to_jsonb(waiver) - 'waived_at') is distinct from audit.detail
    union all
    select coalesce(audit.seq, 0), 'CORRECTION'
    from ledger.correction_decision as decision full join (
        select seq, detail, (detail ->> 'decision_id')::bigint as decision_id
        from ledger.audit where action = 'classify correction') as audit using (decision_id)
    where (to_jsonb(decision) - 'decided_at') is distinct from audit.detail
    order by 1
$$;

-- A signature as the audit has it, and voided only if the audit says so.
create function ledger.is_audited(p_approval_id bigint) returns boolean
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
-- Whether a signature keeps the limit and the delegation that it names, worked out again; those of
-- before policy was kept in versions name none.
create function ledger.keeps_limit(p_approval_id bigint) returns boolean
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

create function ledger.verify_entries() returns table (entry_id bigint, problem text)
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

revoke all on all functions in schema ledger from public;
revoke all on function ledger.verify_audit(), ledger.verify_content()
    from :prefix_transform, :prefix_preparer, :prefix_approver, :prefix_poster, :prefix_auditor;
grant select on all tables in schema ledger to :prefix_transform, :prefix_preparer,
    :prefix_approver, :prefix_poster, :prefix_auditor;
grant execute on function ledger.verify_chain(), ledger.verify_entries(),
    ledger.close_blocker(text, date, text),
    -- The hold view calls these for whoever reads it.
    ledger.missing_role(bigint), ledger.correction_problem(bigint),
    ledger.period_takes(bigint, text, date, text)
    to :prefix_transform, :prefix_preparer, :prefix_approver, :prefix_poster, :prefix_auditor;
grant execute on function ledger.request_period(text, date, text, text),
    ledger.decide_period(bigint, boolean, text),
    ledger.waive_blocker(text, date, text, text, text, date),
    ledger.classify_correction(text, date, text, text, text)
    to :prefix_approver;
