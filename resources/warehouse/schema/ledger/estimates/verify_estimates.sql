-- Model runs and withdrawals that differ from their audit row.
create or replace function ledger.verify_estimates() returns table (run_id bigint, problem text)
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select run.run_id, case
        when ledger.run_hash(run) <> run.content_hash then 'CONTENT' else 'AUDIT' end
    from ledger.model_run as run
    left join ledger.audit as audit
        on audit.action = 'prepare estimate' and audit.detail ->> 'run_id' = run.run_id::text
    where ledger.run_hash(run) <> run.content_hash
       or audit.detail ->> 'content_hash' is distinct from run.content_hash
       or audit.actor is distinct from run.prepared_by
    union all
    select act.run_id, 'ACT'
    from ledger.model_run_act as act
    left join ledger.audit as audit
        on audit.action = 'withdraw estimate' and audit.actor = act.actor
       and audit.detail ->> 'run_id' = act.run_id::text
    where audit.seq is null
$$;
