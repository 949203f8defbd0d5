-- The hash of what a restatement order says.
create or replace function ledger.restatement_content(held ledger.restatement_order) returns text
language sql immutable set search_path = pg_catalog, pg_temp as $$
    select encode(sha256(convert_to(concat_ws(chr(31), held.what_if_hash,
        array_to_string(held.rules, ','), held.reason, held.asked_by), 'UTF8')), 'hex')
$$;
