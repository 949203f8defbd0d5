-- Writes each act on a period to the audit.
create or replace function ledger.audit_period_act() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
    perform ledger.write_audit('period act', null, new.from_status, new.to_status,
        to_jsonb(new) - 'acted_at');
    return null;
end $$;
