-- The lines of an opening list come before its seal and never change.
create or replace function ledger.guard_opening_line() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
    if exists (select from ledger.opening_list where list_id = new.list_id) then
        raise exception 'TIEOUT IMMUTABLE: list % is sealed', new.list_id;
    end if;
    return new;
end $$;
