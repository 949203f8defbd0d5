-- A waiver carries the session's login, names what blocks the close now, and expires.
create or replace function ledger.guard_waiver() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
    perform ledger.check_text(new.reason, 'the reason');
    perform ledger.check_person();
    perform ledger.check_role((select waiver_role from ledger.policy
                               where policy_id = ledger.policy_id()));
    if new.expires_on < ledger.today() then
        raise exception 'TIEOUT EXPIRED: a waiver ends on a day to come';
    end if;
    new.waived_by := session_user;
    new.waived_at := clock_timestamp();
    return new;
end $$;
