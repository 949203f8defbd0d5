-- Ends the lease of a sender: its quiet time begins now.
create or replace function ledger.end_lease(p_entry_id bigint, p_fence bigint) returns void
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
    perform from ledger.entry where entry_id = p_entry_id for update;
    if p_fence is not null and not exists (
        select from ledger.sending where entry_id = p_entry_id and fence = p_fence) then
        raise exception 'TIEOUT FENCED: somebody else took entry % up since', p_entry_id;
    end if;
    update ledger.sending set
        leased_until = least(leased_until, clock_timestamp()),
        quiet_until = clock_timestamp() + make_interval(secs => quiet_seconds)
    where entry_id = p_entry_id;
end $$;
