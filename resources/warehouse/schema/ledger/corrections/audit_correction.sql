-- Writes each decision on a correction to the audit.
create or replace function ledger.audit_correction() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
    perform ledger.write_audit('classify correction', null, null, null,
        to_jsonb(new) - 'decided_at');
    return null;
end $$;
