-- Writes each move of the as-of date to the audit, forward too.
create or replace function ops.audit_as_of() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
    perform ledger.write_audit('move as-of date', null, old.as_of_date::text, new.as_of_date::text,
        '{}');
    return null;
end $$;
