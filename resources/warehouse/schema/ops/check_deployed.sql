-- Refuses a build that ran other code than the expected checks were deployed with.
create or replace function ops.check_deployed(p_build_id text) returns void
language plpgsql stable set search_path = pg_catalog, pg_temp as $$
declare
    deployed ops.check_deployment;
begin
    select * into deployed from ops.check_deployment order by deployment_id desc limit 1;
    if deployed.content_hash is distinct from ops.expected_hash()
       or deployed.code_hash is distinct from (
           select code_hash from ops.build where build_id = p_build_id) then
        raise exception 'TIEOUT CHECKS: the expected checks are not those of the code of build %;'
            ' start Tieout again, which deploys them', p_build_id;
    end if;
end $$;
