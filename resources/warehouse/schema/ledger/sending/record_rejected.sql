-- Records that the ERP rejected an entry, by the sender that holds the fence.
create or replace function ledger.record_rejected(
    p_entry_id bigint, p_reason_code text, p_fence bigint default null
) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
    perform ledger.end_lease(p_entry_id, p_fence);
    -- An open proposal of the same grain is the difference to this entry as if it stood. It does
    -- not stand: the proposal is void, and the next build makes it anew.
    perform ledger.void_entries(array(
        select open.entry_id from ledger.entry as open
        inner join ledger.entry as sent
            using (entity_code, accounting_date, approval_class, part)
        where sent.entry_id = p_entry_id and open.state = 'proposed'));
    update ledger.entry set state = 'rejected', state_reason = p_reason_code
    where entry_id = p_entry_id;
    if not found then
        raise exception 'TIEOUT NO_ENTRY: there is no entry %', p_entry_id;
    end if;
end $$;
