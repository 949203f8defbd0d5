-- Writes each restatement order to the audit.
create or replace function ledger.audit_restatement_order() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
    perform ledger.write_audit('ask restatement', null, null, 'open',
        to_jsonb(new) - 'asked_at');
    return null;
end $$;
