-- Entry numbers have no gap: each is one more than the entity's last one.
create or replace function ledger.guard_number() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
    if (tg_op = 'INSERT' and new.last_no <> 1)
       or (tg_op = 'UPDATE' and (new.last_no <> old.last_no + 1
                                 or new.entity_code <> old.entity_code)) then
        raise exception 'TIEOUT NUMBER: entry numbers rise by one';
    end if;
    return new;
end $$;
