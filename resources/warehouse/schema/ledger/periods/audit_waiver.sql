-- Writes each waiver to the audit.
create or replace function ledger.audit_waiver() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
    perform ledger.write_audit('waive', null, null, null, to_jsonb(new) - 'waived_at');
    return null;
end $$;
