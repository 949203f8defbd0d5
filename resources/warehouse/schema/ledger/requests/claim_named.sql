-- The claim of the books that a key names.
create or replace function ledger.claim_named(p_entity text, p_key text) returns text
language sql stable set search_path = pg_catalog, pg_temp as $$
    select case
        when exists (select from ledger.desired_line
                     where claim_key = p_key and entity_code = p_entity) then p_key
        else (select min(claim_key) from ledger.desired_line
              where account_key = p_key and entity_code = p_entity
              having count(distinct claim_key) = 1) end
$$;
