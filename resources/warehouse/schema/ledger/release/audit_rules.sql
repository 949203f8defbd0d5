-- Writes deployments, releases and acts to the audit as whole rows, which verify_releases
-- compares.
create or replace function ledger.audit_rules() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
    perform ledger.write_audit(tg_argv[0], null, null, null,
        to_jsonb(new) - array['deployed_at', 'asked_at', 'acted_at']);
    return null;
end $$;
