-- A balance brought forward is written once, by its function.
create or replace function ledger.guard_carried() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
    if not exists (select from ledger.carry where entity_code = new.entity_code
                   and made_by_xid = pg_current_xact_id()) then
        raise exception 'TIEOUT IMMUTABLE: what was carried in is read once';
    end if;
    return new;
end $$;
