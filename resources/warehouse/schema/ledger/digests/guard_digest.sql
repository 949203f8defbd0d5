-- Digests move with the entries, never by a statement of their own.
create or replace function ledger.guard_digest() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
    if pg_trigger_depth() < 2 then
        raise exception 'TIEOUT IMMUTABLE: digests move with the entries alone';
    end if;
    return coalesce(new, old);
end $$;
