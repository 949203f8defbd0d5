-- A person releases a rejected entry whose cause is mended: the next proposal sends the same
-- content as its next generation, under a new key.
create or replace function ledger.release(p_entry_id bigint) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
    perform ledger.check_person();
    update ledger.approval set voided_at = clock_timestamp()
    where voided_at is null and entry_id in (
        select entry_id from ledger.entry where entry_id = p_entry_id and state = 'rejected');
    update ledger.entry set state = 'void' where entry_id = p_entry_id and state = 'rejected';
    if not found then
        raise exception 'TIEOUT STATE: entry % was not rejected', p_entry_id;
    end if;
end $$;
