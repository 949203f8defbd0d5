-- Records that the ERP took nothing: the entry returns to `approved` and waits; after too many
-- attempts it is parked.
create or replace function ledger.record_busy(
    p_entry_id bigint, p_reason_code text, p_wait_seconds numeric default null,
    p_fence bigint default null
) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    tried integer;
begin
    perform ledger.end_lease(p_entry_id, p_fence);
    select attempts into tried from ledger.sending where entry_id = p_entry_id;
    if tried >= (select most_attempts from ledger.installation) then
        perform ledger.record_rejected(p_entry_id, 'POISON');
        return;
    end if;
    update ledger.sending set not_before = clock_timestamp() + make_interval(
        secs => least(greatest(coalesce(p_wait_seconds, 0), 0.1 * power(2, tried)), 3600))
    where entry_id = p_entry_id;
    update ledger.entry set state = 'approved', state_reason = p_reason_code
    where entry_id = p_entry_id;
    if not found then
        raise exception 'TIEOUT NO_ENTRY: there is no entry %', p_entry_id;
    end if;
end $$;
