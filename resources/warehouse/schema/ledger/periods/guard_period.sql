-- Our status of a period changes only with a decision of the same transaction, for the owner
-- too.
create or replace function ledger.guard_period() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
    if tg_op = 'INSERT' then
        if new.own_status <> 'open' then
            raise exception 'TIEOUT PERIOD_ACT: a period begins open';
        end if;
    elsif (new.entity_code, new.period_start) <> (old.entity_code, old.period_start) then
        raise exception 'TIEOUT IMMUTABLE: a period keeps its entity and first day';
    elsif new.own_status <> old.own_status and not exists (
        select from ledger.period_act
        where made_by_xid = pg_current_xact_id() and step = 'approve'
          and (entity_code, period_start, from_status, to_status)
              = (old.entity_code, old.period_start, old.own_status, new.own_status)) then
        raise exception 'TIEOUT PERIOD_ACT: no decision makes the period %', new.own_status;
    end if;
    return new;
end $$;
