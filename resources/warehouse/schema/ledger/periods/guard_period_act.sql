-- An act on a period carries the session's login; its request or decision is completed first.
create or replace function ledger.guard_period_act() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
    perform ledger.check_text(new.reason, 'the reason');
    perform ledger.check_person();
    new.actor := session_user;
    new.acted_at := clock_timestamp();
    new.made_by_xid := pg_current_xact_id();
    new.build_id := null;
    new.waivers := '{}';
    if coalesce(new.reason, '') = '' then
        raise exception 'TIEOUT REASON: closing and reopening need a reason';
    elsif new.request_id is null then
        return ledger.fill_request(new);
    end if;
    return ledger.fill_decision(new);
end $$;
