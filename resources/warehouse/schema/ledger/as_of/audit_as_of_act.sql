-- Writes each act on the as-of date to the audit.
create or replace function ledger.audit_as_of_act() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
    perform ledger.write_audit('as-of act', null, new.from_date::text, new.to_date::text,
        to_jsonb(new) - array['acted_at', 'made_by_xid']);
    return null;
end $$;
