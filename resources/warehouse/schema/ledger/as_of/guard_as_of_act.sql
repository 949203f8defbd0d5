-- An act on the as-of date carries the session's login. Another person than the requester decides,
-- with the role that decides on periods, on the date that was requested.
create or replace function ledger.guard_as_of_act() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
    asked ledger.as_of_act;
begin
    perform ledger.check_text(new.reason, 'the reason');
    perform ledger.check_person();
    new.actor := session_user;
    new.acted_at := clock_timestamp();
    new.made_by_xid := pg_current_xact_id();
    if new.step <> 'ask' then
        select * into asked from ledger.as_of_act where act_id = new.request_id and step = 'ask';
        perform ledger.check_role((select period_role from ledger.policy
                                   where policy_id = ledger.policy_id()));
        if asked.actor is not distinct from new.actor then
            raise exception 'TIEOUT SELF_DECISION: % asked for this', session_user;
        elsif (asked.from_date, asked.to_date) is distinct from (new.from_date, new.to_date) then
            raise exception 'TIEOUT AS_OF: the as-of date has moved since it was asked for';
        end if;
    end if;
    return new;
end $$;
