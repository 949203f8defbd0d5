-- Tells whether a login deployed these rules and code.
create or replace function ledger.has_deployed(
    p_rule_set_hash text, p_code_hash text
) returns boolean
language sql stable set search_path = pg_catalog, pg_temp as $$
    select exists (
        select from ledger.rule_deployment
        where (rule_set_hash, code_hash) = (p_rule_set_hash, p_code_hash)
          and deployer = session_user)
$$;
