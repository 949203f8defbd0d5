-- One row per time that other rules, other code or another demand for a release were loaded.
select deployment_id, rule_set_hash, code_hash, release_required, deployer, deployed_at
from ledger.rule_deployment
order by deployment_id
