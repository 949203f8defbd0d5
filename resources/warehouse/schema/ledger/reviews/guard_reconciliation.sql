-- Not even the owner of the tables signs for somebody, or reviews what he prepared.
create or replace function ledger.guard_reconciliation() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
    new.preparer := session_user;
    new.prepared_at := clock_timestamp();
    return new;
end $$;
