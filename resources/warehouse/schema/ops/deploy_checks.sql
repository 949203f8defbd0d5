-- Replaces the checks that every build must report, for the administrator who deploys the code;
-- returns how many. The same checks of the same code are deployed once.
create or replace function ops.deploy_checks(p_checks jsonb, p_code_hash text) returns integer
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
    checks integer;
begin
    delete from ops.expected_check;
    insert into ops.expected_check (check_id, kind, severity, is_blocking)
    select check_id, kind, severity, is_blocking
    from jsonb_to_recordset(p_checks)
        as given (check_id text, kind text, severity text, is_blocking boolean);
    get diagnostics checks = row_count;
    insert into ops.check_deployment
        (code_hash, check_count, content_hash, deployed_by, deployed_at)
    select p_code_hash, checks, ops.expected_hash(), session_user, clock_timestamp()
    where (p_code_hash, ops.expected_hash()) is distinct from (
        select (code_hash, content_hash) from ops.check_deployment
        order by deployment_id desc limit 1);
    return checks;
end $$;
