-- The patient account behind a claim, and the only claim of an account, by the books.
create or replace function ledger.account_of(p_entity text, p_claim_key text) returns text
language sql stable set search_path = pg_catalog, pg_temp as $$
    select min(account_key) from ledger.desired_line
    where claim_key = p_claim_key and entity_code = p_entity
$$;
