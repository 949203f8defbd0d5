-- Releases with their state. The deployer is the first login that deployed it and is neither
-- requester nor approver.
create or replace view ledger.rule_release_state as
select
    release.*, coalesce(done.act, 'open') as state,
    case when done.act = 'approved' then done.actor end as approver,
    done.actor as decided_by, done.acted_at as decided_at, done.reason as decision_reason,
    deployment.deployer, deployment.deployed_at
from ledger.rule_release as release
left join ledger.rule_release_act as done using (release_id)
left join lateral (
    select deployer, deployed_at from ledger.rule_deployment as loaded
    where (loaded.rule_set_hash, loaded.code_hash)
        = (release.rule_set_hash, release.code_hash)
      and loaded.deployer not in (release.author, coalesce(done.actor, ''))
    order by deployment_id limit 1
) as deployment on true;
