-- A reconciliation carries the session's login and what it signed, for the owner too.
create or replace function ledger.guard_reconciliation() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
    new.preparer := session_user;
    new.prepared_at := clock_timestamp();
    return new;
end $$;
