-- What made an entry is written with the entry, never by a statement of its own.
create or replace function ledger.guard_provenance() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
    if pg_trigger_depth() < 2 then
        raise exception 'TIEOUT IMMUTABLE: what made an entry is written with the entry alone';
    end if;
    return new;
end $$;
