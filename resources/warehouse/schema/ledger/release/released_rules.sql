-- Rules and code that three different logins wrote, approved and deployed.
create or replace view ledger.released_rules as
select distinct on (rule_set_hash, code_hash)
    rule_set_hash, code_hash, release_id, author, approver, deployer, decided_at as approved_at,
    deployed_at
from ledger.rule_release_state
where state = 'approved' and deployer is not null and author <> approver
order by rule_set_hash, code_hash, release_id;
