-- A deployment carries the session's login and the instant of the statement. The first one of a
-- database is its set-up.
create or replace function ledger.guard_rule_deployment() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
    perform pg_advisory_xact_lock(7103005);
    new.deployer := session_user;
    new.deployed_at := clock_timestamp();
    new.is_set_up := not exists (select from ledger.rule_deployment);
    if exists (
        select from ledger.rule_release_state as release
        where (release.rule_set_hash, release.code_hash) = (new.rule_set_hash, new.code_hash)
          and release.state in ('open', 'approved')
          and session_user in (release.author, coalesce(release.approver, ''))) then
        raise exception 'TIEOUT SELF_DEPLOYMENT: who wrote or approved rules does not deploy them';
    end if;
    return new;
end $$;
