-- Lines and events are inserted in the transaction of their entry and never change.
create or replace function ledger.guard_content() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
    if exists (
        select from (select distinct entry_id from added) as touched
        left join ledger.entry as entry using (entry_id)
        where entry.made_by_xid is distinct from pg_current_xact_id()
    ) then
        raise exception 'TIEOUT IMMUTABLE: a recorded entry gets no further %', tg_table_name;
    end if;
    return null;
end $$;
