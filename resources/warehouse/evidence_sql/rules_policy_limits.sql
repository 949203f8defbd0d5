-- One row per version of the policy and limit, in US dollars; nothing is no limit.
select
    policy_id, limit_id, role, person, array_to_string(approval_classes, ' ') as approval_classes,
    effective_from, effective_to, event_amount as event_limit, entry_amount as entry_limit,
    account_day_amount as account_day_limit
from ledger.policy_limit
order by policy_id, limit_id
