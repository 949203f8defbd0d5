-- Rejects an entry that was read back after its quiet time, is not in the ERP, and may not be
-- sent again.
create or replace function ledger.reject_unsent(p_entry_id bigint, p_reason_code text) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
    perform from ledger.entry where entry_id = p_entry_id for update;
    if not ledger.quiet_time_is_over(p_entry_id) then
        raise exception 'TIEOUT LEASED: entry % may still be under way', p_entry_id;
    end if;
    perform ledger.record_rejected(p_entry_id, p_reason_code);
end $$;
