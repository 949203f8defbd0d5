-- Records the rules and code that the administrator deploys: one row where they differ from the
-- last.
create or replace function ledger.deploy_rules(
    p_rule_set_hash text, p_code_hash text, p_release_required boolean
) returns boolean
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
    perform pg_advisory_xact_lock(7103005);
    if (select (rule_set_hash, code_hash, release_required, deployer)
               = (p_rule_set_hash, p_code_hash, p_release_required, session_user::text)
        from ledger.rule_deployment order by deployment_id desc limit 1) then
        return false;
    end if;
    insert into ledger.rule_deployment
        (rule_set_hash, code_hash, release_required, deployer, deployed_at)
    values (p_rule_set_hash, p_code_hash, p_release_required, session_user, clock_timestamp());
    return true;
end $$;
