-- Completes a decision on a period act: another login that holds the role, and the period
-- unchanged since the request.
create or replace function ledger.fill_decision(
    inout new ledger.period_act
) returns ledger.period_act
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
    asked ledger.period_act;
    status text;
    blocking text;
begin
    select * into asked from ledger.period_act
    where act_id = new.request_id and step = 'request' for update;
    if not found then
        raise exception 'TIEOUT NO_REQUEST: there is no request %', new.request_id;
    end if;
    select asked.act, asked.entity_code, asked.period_start, asked.from_status, asked.to_status
    into new.act, new.entity_code, new.period_start, new.from_status, new.to_status;
    select own_status into status from ledger.period
    where entity_code = asked.entity_code and period_start = asked.period_start for update;
    if asked.actor = session_user then
        raise exception 'TIEOUT SAME_PERSON: who asks for an act on a period does not decide it';
    end if;
    perform ledger.check_role((select period_role from ledger.policy
                               where policy_id = ledger.policy_id()));
    if new.step = 'approve' and status <> asked.from_status then
        raise exception 'TIEOUT PERIOD: the period is % by now', status;
    elsif new.step = 'approve' and new.act = 'close' then
        select string_agg(code || ' ' || count, ', ' order by code) into blocking
        from (select code, count(*) as count from ledger.close_blocker(asked.entity_code,
                  asked.period_start, asked.actor) where waiver_id is null group by code) as open;
        if blocking is not null then
            raise exception 'TIEOUT BLOCKED: the period does not close: %', blocking;
        end if;
        new.waivers := array(select waiver_id from ledger.close_blocker(asked.entity_code,
            asked.period_start, asked.actor) order by waiver_id);
        new.build_id := ledger.closing_build(asked.entity_code, asked.period_start);
    end if;
end $$;
