-- A person withdraws a model run, with a reason.
create or replace function ledger.withdraw_estimate(p_run_id bigint, p_reason text) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
    insert into ledger.model_run_act (run_id, act, reason, actor, acted_at)
    values (p_run_id, 'withdrawn', p_reason, session_user, clock_timestamp());
end $$;
