-- A decision on a correction carries the session's login and the instant of the statement.
create or replace function ledger.guard_correction() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
    perform ledger.check_text(new.reason, 'the reason');
    perform ledger.check_person();
    new.decided_by := session_user;
    new.decided_at := clock_timestamp();
    return new;
end $$;
