-- Completes a request for a period act: the period as it is, and the status that follows.
create or replace function ledger.fill_request(
    inout new ledger.period_act
) returns ledger.period_act
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
    select own_status into new.from_status from ledger.period
    where entity_code = new.entity_code and period_start = new.period_start for update;
    new.to_status := case new.act when 'soft_close' then 'soft' when 'close' then 'closed'
                                  else 'open' end;
    if new.from_status is null then
        raise exception 'TIEOUT PERIOD: % has no period that begins on %',
            new.entity_code, new.period_start;
    elsif (new.act, new.from_status) not in (('soft_close', 'open'), ('close', 'open'),
            ('close', 'soft'), ('reopen', 'soft'), ('reopen', 'closed')) then
        raise exception 'TIEOUT PERIOD: the period is %', new.from_status;
    end if;
end $$;
