-- Whether entries wait for a release, one row: what the newest released deployment says. Rules
-- that are not released cannot switch the requirement off.
create or replace view ledger.release_requirement as
select deployment.release_required as is_required
from ledger.rule_deployment as deployment
where exists (
    select from ledger.released_rules as released
    where (released.rule_set_hash, released.code_hash)
        = (deployment.rule_set_hash, deployment.code_hash))
order by deployment.deployment_id desc limit 1;
