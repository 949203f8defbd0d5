-- Records that the outcome of sending an entry is unknown.
create or replace function ledger.record_unknown(
    p_entry_id bigint, p_reason_code text, p_fence bigint default null
) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
    perform ledger.end_lease(p_entry_id, p_fence);
    update ledger.entry set state = 'unknown', state_reason = p_reason_code
    where entry_id = p_entry_id;
    if not found then
        raise exception 'TIEOUT NO_ENTRY: there is no entry %', p_entry_id;
    end if;
end $$;
