-- Writes each request to the audit.
create or replace function ledger.audit_request() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
    perform ledger.write_audit('request', null, null, 'open', jsonb_build_object(
        'request_id', new.request_id, 'event', new.event, 'amount', new.amount,
        'content_hash', new.content_hash));
    return null;
end $$;
