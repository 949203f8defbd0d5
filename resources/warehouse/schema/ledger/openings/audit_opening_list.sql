-- Writes each sealed opening list to the audit.
create or replace function ledger.audit_opening_list() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
    perform ledger.write_audit('load opening', null, null, 'open', jsonb_build_object(
        'list_id', new.list_id, 'gross_amount', new.gross_amount,
        'content_hash', new.content_hash));
    return null;
end $$;
