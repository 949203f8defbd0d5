-- Keeps what the ERP needs of a sender, for the administrator who sets up: the least lease and
-- quiet time, and whether it refuses a second document with one reference.
create or replace function ledger.keep_sending_rules(
    p_lease numeric, p_quiet numeric, p_has_unique_reference boolean
) returns void
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
    update ledger.installation set lease_seconds = p_lease, quiet_seconds = p_quiet,
        has_unique_reference = p_has_unique_reference
    where (lease_seconds, quiet_seconds, has_unique_reference)
        <> (p_lease, p_quiet, p_has_unique_reference);
    if found then
        perform ledger.write_audit('sending rules', null, null, null, jsonb_build_object(
            'lease_seconds', p_lease, 'quiet_seconds', p_quiet,
            'has_unique_reference', p_has_unique_reference));
    end if;
end $$;
