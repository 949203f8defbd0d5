-- Marks an entry unknown whose sender is gone or late; tells whether it did.
create or replace function ledger.mark_unknown(p_entry_id bigint, p_reason_code text) returns boolean
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
    perform from ledger.entry where entry_id = p_entry_id and state = 'sending' for update;
    if not found or not ledger.sender_is_gone(p_entry_id) then
        return false;
    end if;
    perform ledger.record_unknown(p_entry_id, p_reason_code);
    return true;
end $$;
