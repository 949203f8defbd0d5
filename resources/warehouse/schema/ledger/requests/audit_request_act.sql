-- Writes each decision on a request to the audit.
create or replace function ledger.audit_request_act() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
    perform ledger.write_audit('request ' || new.act, null, 'open', new.act,
        jsonb_strip_nulls(jsonb_build_object(
            'request_id', new.request_id, 'content_hash', new.content_hash,
            'policy_id', new.policy_id, 'limit_id', new.limit_id,
            'account_amount', new.account_amount, 'day_amount', new.day_amount)));
    return null;
end $$;
