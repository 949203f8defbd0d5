-- Writes each loaded policy to the audit, with the hash of its whole content.
create or replace function ledger.audit_policy() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
    perform ledger.write_audit('load policy', null, null, null, jsonb_build_object(
        'policy_id', new.policy_id, 'policy_version', new.policy_version,
        'content_hash', ledger.policy_hash(new.policy_id)));
    return null;
end $$;
