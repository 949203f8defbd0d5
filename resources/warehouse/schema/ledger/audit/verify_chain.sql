-- Audit rows that break the chain, and policies, period acts, waivers and corrections that
-- differ from their audit row.
create or replace function ledger.verify_chain() returns table (seq bigint, problem text)
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
    union all
    select coalesce(audit.seq, 0), 'AS_OF'
    from ledger.as_of_act as done full join (
        select seq, detail, (detail ->> 'act_id')::bigint as act_id
        from ledger.audit where action = 'as-of act') as audit using (act_id)
    where (to_jsonb(done) - array['acted_at', 'made_by_xid']) is distinct from audit.detail
    union all
    -- What evidence and people moved the date to is where it stands.
    select last.seq, 'AS_OF' from ops.installation as held join lateral (
        select seq, to_state from ledger.audit where action = 'move as-of date'
        order by seq desc limit 1) as last on true
    where held.as_of_date::text <> last.to_state
    order by 1
$$;
