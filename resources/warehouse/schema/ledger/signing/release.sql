-- A person releases a rejected entry whose cause is mended: the next proposal sends the same
-- content as its next generation, under a new key.
create or replace function ledger.release(p_entry_id bigint) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
    perform ledger.check_person();
    if ledger.void_entries(array(
        select entry_id from ledger.entry
        where entry_id = p_entry_id and state = 'rejected' for update)) = 0 then
        raise exception 'TIEOUT STATE: entry % was not rejected', p_entry_id;
    end if;
end $$;
