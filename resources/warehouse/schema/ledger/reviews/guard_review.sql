-- A review carries the session's login and the instant of the statement.
create or replace function ledger.guard_review() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
    new.reviewer := session_user;
    new.reviewed_at := clock_timestamp();
    return new;
end $$;
