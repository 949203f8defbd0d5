-- A policy version carries the session's login and the instant of the statement.
create or replace function ledger.guard_policy() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
    new.loaded_by := session_user;
    new.loaded_at := date_trunc('second', clock_timestamp());
    new.made_by_xid := pg_current_xact_id();
    return new;
end $$;
