-- A lease ends, or is taken again with the next fence; it is never extended.
create or replace function ledger.guard_sending() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
    if new.entry_id <> old.entry_id or new.fence not in (old.fence, old.fence + 1)
       or (new.fence = old.fence and new.leased_until > old.leased_until) then
        raise exception 'TIEOUT IMMUTABLE: a lease is ended, or taken anew behind the next fence';
    end if;
    return new;
end $$;
