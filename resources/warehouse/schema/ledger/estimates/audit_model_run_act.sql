-- Writes each withdrawal of a model run to the audit.
create or replace function ledger.audit_model_run_act() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
    perform ledger.write_audit('withdraw estimate', null, 'counts', 'withdrawn',
        jsonb_build_object('run_id', new.run_id, 'reason', new.reason));
    return null;
end $$;
