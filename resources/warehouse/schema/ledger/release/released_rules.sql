-- Rules and code that three different logins wrote, approved and deployed, and those that the
-- database was set up with (release 0).
create or replace view ledger.released_rules as
select distinct on (rule_set_hash, code_hash)
    rule_set_hash, code_hash, release_id, author, approver, deployer, decided_at as approved_at,
    deployed_at
from (
    select rule_set_hash, code_hash, release_id, author, approver, deployer, decided_at,
           deployed_at
    from ledger.rule_release_state
    where state = 'approved' and deployer is not null and author <> approver
    union all
    select rule_set_hash, code_hash, 0, null, null, deployer, deployed_at, deployed_at
    from ledger.rule_deployment where is_set_up
) as released
order by rule_set_hash, code_hash, release_id = 0, release_id;
