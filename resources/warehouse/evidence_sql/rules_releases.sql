-- One row per release of rules that was ever asked for: author, approver, and who deployed it.
select
    release_id, rule_set_hash, code_hash, state, author, asked_at, approver, decided_by,
    decided_at, deployer, deployed_at, files::text as files
from ledger.rule_release_state
order by release_id
