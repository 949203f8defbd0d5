-- The hash of what makes two ledger lines the same, salted by installation.
create or replace function ledger.line_mark(
    salt uuid, event_id text, rule text, account text, entity_code text, facility_code text,
    payer_class text, claim_key text, account_key text, control_key text, original_date date
) returns text language sql immutable parallel safe as $$
    select md5(salt::text || chr(31) || coalesce(event_id, '') || chr(31) || coalesce(rule, '')
        || chr(31) || coalesce(account, '') || chr(31) || coalesce(entity_code, '')
        || chr(31) || coalesce(facility_code, '') || chr(31) || coalesce(payer_class, '')
        || chr(31) || coalesce(claim_key, '') || chr(31) || coalesce(account_key, '')
        || chr(31) || coalesce(control_key, '')
        || chr(31) || (original_date - date '2000-01-01')::text)
$$;
