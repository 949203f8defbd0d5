-- Writes each sealed model run to the audit.
create or replace function ledger.audit_model_run() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
    perform ledger.write_audit('prepare estimate', null, null, 'counts', jsonb_build_object(
        'run_id', new.run_id, 'rule', new.rule, 'required_amount', new.required_amount,
        'content_hash', new.content_hash));
    return null;
end $$;
