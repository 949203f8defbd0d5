-- Writes each decision on an opening list to the audit.
create or replace function ledger.audit_opening_act() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
    perform ledger.write_audit('opening ' || new.act, null, 'open', new.act, jsonb_build_object(
        'list_id', new.list_id, 'content_hash', new.content_hash, 'is_last', new.is_last));
    return null;
end $$;
