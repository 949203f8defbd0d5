-- The audit has each row whole, so that verify_releases can hold one against the other.
create or replace function ledger.audit_rules() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
    perform ledger.write_audit(tg_argv[0], null, null, null,
        to_jsonb(new) - array['deployed_at', 'asked_at', 'acted_at']);
    return null;
end $$;
